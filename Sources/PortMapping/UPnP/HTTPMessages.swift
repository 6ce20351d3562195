import IPAddresses

/// A request to a UPnP device. Who carries it out adds the headers `Host`, `Content-Length` and `Connection: close`, bounds it in time and
/// the body of its answer by `PortMappingLimits.documentBytes`, and follows no redirection.
package struct HTTPRequest: Hashable, Sendable {
    package enum Method: Hashable, Sendable {
        case get
        case post
    }

    package let method: Method
    package let url: DeviceURL
    package let headers: [Header]
    package let body: String

    package struct Header: Hashable, Sendable {
        package let name: String
        package let value: String
    }

    package init(method: Method, url: DeviceURL, headers: [Header] = [], body: String = "") {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

package struct HTTPAnswer: Hashable, Sendable {
    package let status: Int
    package let body: [UInt8]

    package init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

/// A URL at a router: `http`, an IPv4 address, a path. Nothing else is ever asked: a device that names another host would have us talk to
/// whom it likes.
package struct DeviceURL: Hashable, Sendable {
    package let socket: SocketAddress
    /// From the first slash on, printable ASCII without spaces: nothing that could end a line of the request.
    package let path: String

    /// `nil` for anything else, and for another host than `router`.
    package init?(_ text: some StringProtocol, at router: IPAddress) {
        let scheme = "http://"
        guard text.utf8.count <= PortMappingLimits.textBytes, text.prefix(scheme.count).lowercased() == scheme else { return nil }
        let rest = text.dropFirst(scheme.count)
        let host = rest.prefix { $0 != "/" && $0 != "?" }
        let socket = host.contains(":") ? SocketAddress(String(host)) : IPAddress(String(host)).map { SocketAddress($0, port: 80) }
        guard let socket, socket.address == router, socket.port > 0 else { return nil }
        self.init(socket, path: rest.dropFirst(host.count))
    }

    /// Another place, as a document at this one names it: a URL, or a path from the root on, with or without its slash.
    package func resolving(_ text: String) -> DeviceURL? {
        if text.contains("://") { return DeviceURL(text, at: socket.address) }
        guard !text.isEmpty, text.utf8.count <= PortMappingLimits.textBytes else { return nil }
        return DeviceURL(socket, path: text[...])
    }

    private init?(_ socket: SocketAddress, path: some StringProtocol) {
        guard path.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { return nil }
        self.socket = socket
        self.path = path.hasPrefix("/") ? String(path) : "/\(path)"
    }
}
