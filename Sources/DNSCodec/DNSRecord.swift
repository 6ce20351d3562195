import IPAddresses

/// A resource record of the Internet class, as a zone gives it (RFC 1035 section 3.2.1).
package struct DNSRecord: Hashable, Sendable {
    package var name: DNSName
    /// In seconds.
    package var timeToLive: UInt32
    package var data: RecordData

    package init(name: DNSName, timeToLive: UInt32, data: RecordData) {
        self.name = name
        self.timeToLive = timeToLive
        self.data = data
    }
}

package enum RecordData: Hashable, Sendable {
    /// A (RFC 1035 section 3.4.1) or AAAA (RFC 3596 section 2.2), by the address's family.
    case address(IPAddress)
    case ptr(DNSName)
    case ns(DNSName)
    case soa(StartOfAuthority)
    /// Two texts of up to 255 bytes; what is longer is cut (RFC 1035 section 3.3.2).
    case hinfo(cpu: String, os: String)
    /// Texts of up to 255 bytes each (RFC 1035 section 3.3.14).
    case txt([String])
    /// Where a service is to be had, without priority and weight (RFC 2782).
    case srv(DNSName, port: UInt16)

    package var type: RecordType {
        switch self {
        case .address(let address): RecordType(address.family)
        case .ptr: .ptr
        case .ns: .ns
        case .soa: .soa
        case .hinfo: .hinfo
        case .txt: .txt
        case .srv: .srv
        }
    }
}

extension RecordType {
    init(_ family: IPAddress.Family) {
        self = family == .ipv4 ? .a : .aaaa
    }
}

/// SOA (RFC 1035 section 3.3.13). Times in seconds.
package struct StartOfAuthority: Hashable, Sendable {
    package var primaryServer: DNSName
    package var mailbox: DNSName
    package var serial: UInt32
    package var refresh: UInt32
    package var retry: UInt32
    package var expire: UInt32
    /// How long it may be remembered that something is not there (RFC 2308 section 4).
    package var minimum: UInt32
}
