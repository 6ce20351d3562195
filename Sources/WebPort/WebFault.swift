/// Why a request gets no page. The connection ends with it, for what comes behind it may be anything.
enum WebFault: Error, Hashable {
    case noHTTP
    case noHost
    case otherHost(served: [String])
    case otherMethod
    case otherTarget
    case hasBody
    case longTarget(maximumBytes: Int)
    case longHead(maximumBytes: Int)
    case otherVersion
    case longAnswer

    var answer: WebAnswer {
        .text(sentence + "\n", status: status)
    }

    private var status: Int {
        switch self {
        case .noHTTP, .noHost, .otherTarget: 400
        case .otherMethod: 405
        case .hasBody: 413
        case .longTarget: 414
        case .otherHost: 421
        case .longHead: 431
        case .longAnswer: 500
        case .otherVersion: 505
        }
    }

    private var sentence: String {
        switch self {
        case .noHTTP: "This is no request of HTTP/1.1."
        case .noHost: "The request has to have one Host header field, with a name or an address in it."
        case .otherHost(let served):
            "Nothing is served under the name that was asked for, lest other sites read it (DNS rebinding). Use one of these: "
                + served.joined(separator: ", ") + "."
        case .otherMethod: "Only GET and HEAD are answered."
        case .otherTarget: "The target has to be a path that begins with a slash: this is no proxy."
        case .hasBody: "No request with a body is taken."
        case .longTarget(let maximum): "The target is longer than \(maximum) bytes."
        case .longHead(let maximum): "The target and the header fields are longer than \(maximum) bytes, or too many."
        case .otherVersion: "Only HTTP/1.1 and HTTP/1.0 are spoken."
        case .longAnswer: "The answer is longer than what may wait to be read."
        }
    }
}
