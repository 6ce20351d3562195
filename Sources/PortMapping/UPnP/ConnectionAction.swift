import IPAddresses

/// What a UPnP router is asked to do, and what it says to that: SOAP messages of WANIPConnection (UPnP Forum, WANIPConnection:1 and :2, section 2).
package enum ConnectionAction: Hashable, Sendable {
    case getExternalIPAddress
    /// `leaseSeconds` 0: until it is removed.
    case addPortMapping(LocalPort, external: UInt16, own: IPAddress, leaseSeconds: UInt32, description: String)
    case deletePortMapping(TransportProtocol, external: UInt16)

    package var name: String {
        switch self {
        case .getExternalIPAddress: "GetExternalIPAddress"
        case .addPortMapping: "AddPortMapping"
        case .deletePortMapping: "DeletePortMapping"
        }
    }

    /// In the order of the standard: some routers read them by their place.
    private var arguments: [(name: String, value: String)] {
        switch self {
        case .getExternalIPAddress: []
        case .addPortMapping(let local, let external, let own, let lease, let description):
            [
                ("NewRemoteHost", ""), ("NewExternalPort", "\(external)"), ("NewProtocol", local.transport.name),
                ("NewInternalPort", "\(local.number)"), ("NewInternalClient", "\(own)"), ("NewEnabled", "1"),
                ("NewPortMappingDescription", description), ("NewLeaseDuration", "\(lease)"),
            ]
        case .deletePortMapping(let transport, let external):
            [("NewRemoteHost", ""), ("NewExternalPort", "\(external)"), ("NewProtocol", transport.name)]
        }
    }

    package func request(to connection: WANConnection) -> HTTPRequest {
        let arguments = self.arguments.map { "<\($0.name)>\($0.value.xmlEscaped)</\($0.name)>" }.joined()
        let body =
            "<?xml version=\"1.0\"?>\r\n"
            + "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
            + "s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">"
            + "<s:Body><u:\(name) xmlns:u=\"\(connection.type)\">\(arguments)</u:\(name)></s:Body></s:Envelope>\r\n"
        let headers = [
            HTTPRequest.Header(name: "Content-Type", value: "text/xml; charset=\"utf-8\""),
            HTTPRequest.Header(name: "SOAPAction", value: "\"\(connection.type)#\(name)\""),
        ]
        return HTTPRequest(method: .post, url: connection.control, headers: headers, body: body)
    }

    /// What the router answered.
    package enum Outcome: Hashable, Sendable {
        /// Done; with the first text of each element.
        case done([String: String])
        /// Refused, by an error code of UPnP.
        case refused(Int)
        /// No answer that can be read: the number is HTTP's.
        case notUnderstood(status: Int)
    }

    package static func outcome(of answer: HTTPAnswer) -> Outcome {
        guard let texts = try? texts(in: answer.body) else { return .notUnderstood(status: answer.status) }
        if let code = texts["errorCode"].flatMap({ Int($0) }) { return .refused(code) }
        return (200..<300).contains(answer.status) ? .done(texts) : .notUnderstood(status: answer.status)
    }

    private static func texts(in body: [UInt8]) throws(XMLFault) -> [String: String] {
        var reader = try XMLReader(body)
        var path: [String] = []
        var texts: [String: String] = [:]
        while let token = try reader.next() {
            switch token {
            case .start(let name): path.append(name)
            case .end: path.removeLast()
            case .text(let text): if let name = path.last, texts[name] == nil { texts[name] = text }
            }
        }
        return texts
    }
}

/// Error codes of WANIPConnection (version 2, section 2.6), as far as one can do something about them.
package enum ConnectionFault {
    /// By 402 an old router may mean that it knows no leases.
    static let wantNoLease: Set = [402, 725]
    /// ConflictInMappingEntry, ConflictWithOtherMechanisms; and by 501, ActionFailed, some routers mean the same.
    static let wantAnotherPort: Set = [501, 718, 729]
}

extension String {
    fileprivate var xmlEscaped: String {
        reduce(into: "") { text, character in
            switch character {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            default: text.append(character)
            }
        }
    }
}
