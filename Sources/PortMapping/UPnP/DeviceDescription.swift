/// A service of a UPnP router that maps ports: a WANIPConnection, versions 1 and 2, or a WANPPPConnection.
package struct WANConnection: Hashable, Sendable {
    /// E.g. `urn:schemas-upnp-org:service:WANIPConnection:1`.
    package let type: String
    /// Where it is told what to do.
    package let control: DeviceURL
}

/// The description of a device (UPnP Device Architecture 1.1, section 2), of which we need to know where its connections are told what to do.
package enum DeviceDescription {
    private static let kinds = ["WANIPConnection", "WANPPPConnection"].map { "urn:schemas-upnp-org:service:\($0):" }

    /// In the order of the document, at most `PortMappingLimits.services`.
    ///
    /// - Parameter url: where the document was.
    package static func connections(in document: [UInt8], at url: DeviceURL) throws(XMLFault) -> [WANConnection] {
        var reader = try XMLReader(document)
        var path: [String] = []
        var base = url
        var service: [String: String] = [:]
        var found: [(type: String, control: String)] = []
        while let token = try reader.next() {
            switch token {
            case .start(let name):
                path.append(name)
                if name == "service" { service = [:] }
            case .text(let text):
                if path.last == "URLBase", let other = DeviceURL(text, at: url.socket.address) { base = other }
                if path.dropLast().last == "service", let name = path.last, service[name] == nil { service[name] = text }
            case .end(let name):
                path.removeLast()
                guard name == "service", found.count < PortMappingLimits.services else { continue }
                guard let type = service["serviceType"], let control = service["controlURL"], isKnown(type) else { continue }
                found.append((type, control))
            }
        }
        return found.compactMap { found in base.resolving(found.control).map { WANConnection(type: found.type, control: $0) } }
    }

    /// It is said in requests as it stands, so it must be as it should: a number behind a known name.
    private static func isKnown(_ type: String) -> Bool {
        kinds.contains { kind in
            let version = type.dropFirst(kind.count)
            return type.hasPrefix(kind) && (1...2).contains(version.count) && version.allSatisfy { $0.isASCII && $0.isNumber }
        }
    }
}
