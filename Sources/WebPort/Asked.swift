import IPAddresses
import NIOHTTP1

/// What a request's head comes to.
struct Asked {
    /// A question for the caller, or the answer already.
    let question: Result<WebRequest, WebFault>
    /// HEAD: an answer without its body.
    let isWithoutBody: Bool
    /// Whether another request may follow.
    let isLast: Bool

    init(fault: WebFault, isWithoutBody: Bool = false) {
        question = .failure(fault)
        self.isWithoutBody = isWithoutBody
        isLast = true
    }

    /// - Parameters:
    ///   - local: the address of this machine that the connection came to.
    ///   - client: where it came from.
    init(_ head: HTTPRequestHead, hosts: ServedHosts, limits: WebLimits, local: IPAddress?, client: IPAddress?) {
        isWithoutBody = head.method == .HEAD
        do throws(WebFault) {
            try Self.check(head, hosts, limits, local)
            guard let request = WebRequest(target: head.uri, client: client) else { throw .otherTarget }
            question = .success(request)
            // Behind a wish for another protocol NIO reads no further request.
            isLast = !head.isKeepAlive || head.headers.contains(name: "upgrade")
        } catch {
            question = .failure(error)
            isLast = true
        }
    }

    private static func check(_ head: HTTPRequestHead, _ hosts: ServedHosts, _ limits: WebLimits, _ local: IPAddress?) throws(WebFault) {
        guard head.uri.utf8.count <= limits.maximumTargetBytes else { throw .longTarget(maximumBytes: limits.maximumTargetBytes) }
        let named = head.headers["host"]
        guard named.count == 1, !named[0].isEmpty else { throw .noHost }
        guard hosts.contains(named[0], local: local) else { throw .otherHost(served: hosts.told) }
        guard head.method == .GET || head.method == .HEAD else { throw .otherMethod }
        guard !head.headers.contains(name: "transfer-encoding"), head.headers["content-length"].allSatisfy({ $0 == "0" }) else {
            throw .hasBody
        }
    }
}
