/// A message as a responder sees it.
package enum DNSRequest: Hashable, Sendable {
    /// Shorter than a header, or an answer itself: to answer it could go on for ever.
    case ignored
    /// It has a header, and that is all that can be answered.
    case unanswerable(DNSHeader, ResponseCode)
    case query(DNSQuery)

    package init(_ message: [UInt8]) {
        var reader = DNSReader(message)
        guard let header = try? DNSHeader(&reader), !header.isResponse else {
            self = .ignored
            return
        }
        guard header.opcode == 0 else {
            self = .unanswerable(header, .notImplemented)
            return
        }
        do {
            self = .query(try DNSQuery(header, &reader))
        } catch {
            self = .unanswerable(header, .formatError)
        }
    }
}

/// A standard query (RFC 1035 section 4.1) with its one question.
package struct DNSQuery: Hashable, Sendable {
    package let header: DNSHeader
    package let question: DNSQuestion
    /// `nil` from a sender that does not know of extensions.
    package let edns: DNSExtension?

    /// Reads what follows the id and the flags. Records in other sections than the additional one are passed over, for they say
    /// nothing to a responder.
    init(_ header: DNSHeader, _ reader: inout DNSReader) throws(DNSCodecError) {
        guard try reader.number(UInt16.self) == 1 else { throw .badQuestionCount }
        let (answers, authority) = (try reader.number(UInt16.self), try reader.number(UInt16.self))
        let additional = try reader.number(UInt16.self)
        self.header = header
        question = try DNSQuestion(&reader)
        for _ in 0..<Int(answers) + Int(authority) { _ = try RawRecord(&reader) }
        var edns: DNSExtension?
        for _ in 0..<additional {
            let record = try RawRecord(&reader)
            guard record.type == .opt else { continue }
            guard edns == nil else { throw .badOption }
            edns = try DNSExtension(record)
        }
        self.edns = edns
    }
}

extension DNSHeader {
    init(_ reader: inout DNSReader) throws(DNSCodecError) {
        self.init(id: try reader.number(UInt16.self), flags: try reader.number(UInt16.self))
        var counts = reader
        _ = try counts.take(Self.length - 4)
    }
}

extension DNSQuestion {
    init(_ reader: inout DNSReader) throws(DNSCodecError) {
        name = try reader.name()
        type = RecordType(rawValue: try reader.number(UInt16.self))
        `class` = try reader.number(UInt16.self)
    }
}

extension DNSExtension {
    /// The class is the payload size, the time to live holds version and flags (RFC 6891 section 6.1.3).
    fileprivate init(_ record: RawRecord) throws(DNSCodecError) {
        guard record.name.labels.isEmpty else { throw .badOption }
        try Self.check(options: record.data)
        udpPayloadSize = record.class
        version = UInt8(truncatingIfNeeded: record.timeToLive >> 16)
        wantsDNSSEC = record.timeToLive & 0x8000 != 0
    }

    /// None is understood, but each must be whole (RFC 6891 section 6.1.2).
    private static func check(options: ArraySlice<UInt8>) throws(DNSCodecError) {
        var rest = options
        while !rest.isEmpty {
            guard rest.count >= 4 else { throw .badOption }
            let length = Int(rest[rest.startIndex + 2]) << 8 | Int(rest[rest.startIndex + 3])
            guard length <= rest.count - 4 else { throw .badOption }
            rest = rest.dropFirst(4 + length)
        }
    }
}
