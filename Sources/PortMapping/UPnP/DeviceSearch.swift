import IPAddresses

/// The search for devices of the UPnP Device Architecture (version 1.1, section 1.3): datagrams with HTTP headers.
package enum DeviceSearch {
    /// All devices of a network listen there.
    package static let multicast = SocketAddress(IPAddress(family: .ipv4, value: 0xefff_fffa), port: port)  // 239.255.255.250
    package static let port: UInt16 = 1900

    /// A device answers to the older versions of its kind as well; some routers do not.
    private static let devices = (1...2).map { "urn:schemas-upnp-org:device:InternetGatewayDevice:\($0)" }
    /// What a router may answer to that does not answer to those.
    private static let services = ["WANIPConnection:1", "WANPPPConnection:1"].map { "urn:schemas-upnp-org:service:\($0)" }

    /// What to send, and where to. First to all devices; then to the router alone, for some networks do not carry multicasts.
    static func requests(round: Int, router: IPAddress) -> [(bytes: [UInt8], to: SocketAddress)] {
        let alone = SocketAddress(router, port: port)
        if round == 1 { return devices.map { (request(for: $0, host: alone), alone) } }
        return (round == 0 ? devices : devices + services).map { (request(for: $0, host: multicast), multicast) }
    }

    private static func request(for target: String, host: SocketAddress) -> [UInt8] {
        // MX: the most seconds that a device lets pass before it answers.
        let lines = ["M-SEARCH * HTTP/1.1", "HOST: \(host)", "MAN: \"ssdp:discover\"", "MX: 1", "ST: \(target)", "", ""]
        return Array(lines.joined(separator: "\r\n").utf8)
    }

    /// Where the device that answers has its description; `nil` if that is not at the router, or not understood.
    package static func location(in answer: [UInt8], router: IPAddress) -> DeviceURL? {
        guard answer.count <= PortMappingLimits.searchAnswerBytes else { return nil }
        let lines = answer.split(separator: UInt8(ascii: "\n"), maxSplits: 64).map { line in
            String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
        }
        guard let status = lines.first?.split(separator: " "), status.count > 1, status[0].hasPrefix("HTTP/1."), status[1] == "200" else {
            return nil
        }
        for line in lines.dropFirst() {
            let field = line.split(separator: ":", maxSplits: 1)
            if field.count == 2, field[0].lowercased() == "location" { return DeviceURL(field[1].trimmed, at: router) }
        }
        return nil
    }
}

extension StringProtocol {
    /// Without spaces, tabs and line ends around it.
    var trimmed: String {
        var bytes = Substring(self).utf8
        while let first = bytes.first, first <= 0x20 { bytes = bytes.dropFirst() }
        while let last = bytes.last, last <= 0x20 { bytes = bytes.dropLast() }
        return String(Substring(bytes))
    }
}
