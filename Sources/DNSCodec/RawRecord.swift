/// A resource record as it lies on the wire (RFC 1035 section 4.1.3).
struct RawRecord {
    let name: DNSName
    let type: RecordType
    let `class`: UInt16
    let timeToLive: UInt32
    let data: ArraySlice<UInt8>

    init(_ reader: inout DNSReader) throws(DNSCodecError) {
        name = try reader.name()
        type = RecordType(rawValue: try reader.number(UInt16.self))
        `class` = try reader.number(UInt16.self)
        timeToLive = try reader.number(UInt32.self)
        data = try reader.take(Int(try reader.number(UInt16.self)))
    }
}
