/// The first twelve bytes of a message (RFC 1035 section 4.1.1).
package struct DNSHeader: Hashable, Sendable {
    package static let length = 12

    package var id: UInt16
    package var flags: UInt16

    package init(id: UInt16, flags: UInt16) {
        self.id = id
        self.flags = flags
    }

    /// QR.
    package var isResponse: Bool { flags & Flag.response != 0 }
    /// 0 for a standard query.
    package var opcode: UInt8 { UInt8(truncatingIfNeeded: flags >> 11 & 0xf) }

    /// What of a query's flags its answer repeats: the opcode and RD.
    var repeated: UInt16 { flags & (Flag.opcode | Flag.recursionDesired) }

    enum Flag {
        static let response: UInt16 = 0x8000
        static let opcode: UInt16 = 0x7800
        static let authoritative: UInt16 = 0x0400
        static let truncated: UInt16 = 0x0200
        static let recursionDesired: UInt16 = 0x0100
    }
}

/// How an answer turned out (RFC 1035 section 4.1.1; RFC 6891 section 9 for `badVersion`).
package enum ResponseCode: UInt16, Sendable {
    case noError = 0
    case formatError = 1
    case nameError = 3
    case notImplemented = 4
    case refused = 5
    case badVersion = 16
}

/// TYPE and QTYPE (RFC 1035 section 3.2.2, RFC 2782, RFC 3596, RFC 6891, RFC 5936).
package struct RecordType: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    package static let a = RecordType(rawValue: 1)
    package static let ns = RecordType(rawValue: 2)
    package static let soa = RecordType(rawValue: 6)
    package static let ptr = RecordType(rawValue: 12)
    package static let hinfo = RecordType(rawValue: 13)
    package static let txt = RecordType(rawValue: 16)
    package static let aaaa = RecordType(rawValue: 28)
    package static let srv = RecordType(rawValue: 33)
    package static let opt = RecordType(rawValue: 41)
    package static let ixfr = RecordType(rawValue: 251)
    package static let axfr = RecordType(rawValue: 252)
    package static let any = RecordType(rawValue: 255)
}

/// What is asked (RFC 1035 section 4.1.2).
package struct DNSQuestion: Hashable, Sendable {
    /// The Internet, the one class that matters.
    package static let internetClass: UInt16 = 1

    package var name: DNSName
    package var type: RecordType
    package var `class`: UInt16

    package init(name: DNSName, type: RecordType, class: UInt16 = internetClass) {
        self.name = name
        self.type = type
        self.class = `class`
    }
}

/// What the sender says of itself in an OPT record (RFC 6891 section 6.1).
package struct DNSExtension: Hashable, Sendable {
    /// How long a UDP message it can take.
    package var udpPayloadSize: UInt16
    package var version: UInt8
    /// DO: it understands DNSSEC. An answer repeats the bit (RFC 3225 section 3).
    package var wantsDNSSEC: Bool
}
