import IPAddresses

/// Writes a message, names in short form where they can be (RFC 1035 section 4.1.4).
struct DNSWriter {
    private(set) var bytes: [UInt8] = []
    /// Where each end of a name was written first.
    private var offsets: [ArraySlice<[UInt8]>: Int] = [:]
    /// What a pointer can reach.
    private static let maximumOffset = 0x3fff

    mutating func append(_ number: some FixedWidthInteger & UnsignedInteger) {
        bytes += withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    mutating func append(_ name: DNSName) {
        for (index, label) in name.labels.enumerated() {
            let end = name.folded[index...]
            if let offset = offsets[end] { return append(0xc000 | UInt16(truncatingIfNeeded: offset)) }
            if bytes.count <= Self.maximumOffset { offsets[end] = bytes.count }
            bytes.append(UInt8(truncatingIfNeeded: label.count))
            bytes += label
        }
        bytes.append(0)
    }

    mutating func append(_ question: DNSQuestion) {
        append(question.name)
        append(question.type.rawValue)
        append(question.class)
    }

    mutating func append(_ record: DNSRecord, class: UInt16 = DNSQuestion.internetClass) {
        append(record.name)
        append(record.data.type.rawValue)
        append(`class`)
        append(record.timeToLive)
        let length = bytes.count
        append(UInt16(0))
        append(record.data)
        let count = bytes.count - length - 2
        bytes[length] = UInt8(truncatingIfNeeded: count >> 8)
        bytes[length + 1] = UInt8(truncatingIfNeeded: count)
    }

    private mutating func append(_ data: RecordData) {
        switch data {
        case .address(let address): bytes += address.bytes
        case .ptr(let name), .ns(let name): append(name)
        case .soa(let soa): append(soa)
        case .hinfo(let cpu, let os): [cpu, os].forEach { appendText($0) }
        case .txt(let texts): texts.forEach { appendText($0) }
        case .srv(let target, let port):
            for number in [0, 0, port] { append(number) }
            append(target)
        }
    }

    private mutating func append(_ soa: StartOfAuthority) {
        append(soa.primaryServer)
        append(soa.mailbox)
        for number in [soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum] { append(number) }
    }

    /// A character-string (RFC 1035 section 3.3).
    private mutating func appendText(_ text: String) {
        let text = text.utf8.prefix(255)
        bytes.append(UInt8(truncatingIfNeeded: text.count))
        bytes += text
    }

    /// An OPT record without options (RFC 6891 section 6.1.2).
    mutating func append(_ edns: DNSExtension, code: ResponseCode) {
        bytes.append(0)
        append(RecordType.opt.rawValue)
        append(edns.udpPayloadSize)
        bytes.append(UInt8(truncatingIfNeeded: code.rawValue >> 4))
        bytes.append(edns.version)
        append(edns.wantsDNSSEC ? UInt16(0x8000) : 0)
        append(UInt16(0))
    }
}
