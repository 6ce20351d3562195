import DNSCodec
import IPAddresses

/// What other programs on this machine shall know of the mesh's names, and its form on the way to the process that may tell them.
package struct NamesState: Hashable, Sendable {
    package var entries: [Zone.Entry]
    /// Who answers for `zones`; `nil`: nobody.
    package var server: SocketAddress?
    package var zones: [String]

    package init(entries: [Zone.Entry], server: SocketAddress? = nil, zones: [String] = []) {
        self.entries = entries
        self.server = server
        self.zones = zones
    }

    /// A length of four bytes, little end first, then lines: `host NAME ADDRESS…`, `server ADDRESS:PORT`, `zone DOMAIN`.
    package var encoded: [UInt8] {
        var text = ""
        for entry in entries { text += "host \(entry.name) \(entry.addresses.map(\.description).joined(separator: " "))\n" }
        if let server { text += "server \(server)\n" }
        for zone in zones { text += "zone \(zone)\n" }
        let count = UInt32(clamping: text.utf8.count)
        return (0..<4).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) } + text.utf8
    }

    /// Lines that cannot be read are passed over: who wrote them is no more than a node of a mesh, and reads what strangers send.
    init(decoding lines: some Sequence<UInt8>) {
        self.init(entries: [])
        for line in String(decoding: Array(lines), as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            switch words.first {
            case "host" where words.count > 2:
                entries.append(Zone.Entry(name: String(words[1]), addresses: words.dropFirst(2).compactMap { IPAddress(String($0)) }))
            case "server" where words.count == 2: server = SocketAddress(String(words[1]))
            case "zone" where words.count == 2: zones.append(String(words[1]))
            default: break
            }
        }
    }
}
