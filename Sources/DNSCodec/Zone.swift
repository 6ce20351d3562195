import IPAddresses

/// All that is known of the names below one domain, and of the addresses in some ranges. It answers for these and for nothing else.
package struct Zone: Sendable {
    /// For how many seconds an answer may be remembered: short, for a host may come back with another address.
    package static let timeToLive: UInt32 = 10
    /// For how many seconds it may be remembered that something is not there: shorter, for a host may just be joining.
    package static let negativeTimeToLive: UInt32 = 5
    /// The most addresses of one name; of more, the first.
    package static let maximumAddressesPerName = 64

    /// One host.
    package struct Entry: Hashable, Sendable {
        package var name: String
        package var addresses: [IPAddress]

        package init(name: String, addresses: [IPAddress]) {
            self.name = name
            self.addresses = addresses
        }
    }

    package let domain: DNSName
    let hosts: [[UInt8]: [IPAddress]]
    let reverse: ReverseZones
    /// Its own records, at the domain and at the top of each range.
    let serial: UInt32

    /// - Parameters:
    ///   - entries: one whose name is no `HostLabel` is left out.
    ///   - ranges: addresses in these have names (PTR); of two hosts with one address the first one has it.
    package init(domain: DNSName, entries: [Entry], ranges: [IPPrefix], serial: UInt32 = 1) {
        var hosts: [[UInt8]: [IPAddress]] = [:]
        var owners: [IPAddress: DNSName] = [:]
        for entry in entries {
            guard let label = HostLabel(entry.name).map({ Array($0.text.utf8) }), let name = domain.child(label) else { continue }
            hosts[label, default: []] += entry.addresses
            for address in entry.addresses where owners[address] == nil { owners[address] = name }
        }
        self.domain = domain
        self.hosts = hosts.mapValues { Array($0.prefix(Self.maximumAddressesPerName)) }
        self.serial = serial
        reverse = ReverseZones(ranges: ranges, owners: owners)
    }

    /// The reverse zones that hold the ranges and nothing else, for a resolver to ask here, in order; see `ReverseZones`.
    package var reverseDomains: [DNSName] { reverse.domains }
}
