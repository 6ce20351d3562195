import NIOHTTP1

extension HTTPResponseHead {
    /// - Parameter isLast: whether the connection ends with it.
    init(_ answer: WebAnswer, isLast: Bool) {
        var headers = HTTPHeaders()
        headers.add(name: "Content-Type", value: answer.contentType)
        headers.add(name: "Content-Length", value: String(answer.body.readableBytes))
        headers.add(name: "Cache-Control", value: answer.cacheControl)
        headers.add(name: "Content-Security-Policy", value: Self.contentSecurityPolicy(answer.inlineHashes))
        headers.add(name: "X-Content-Type-Options", value: "nosniff")
        headers.add(name: "Referrer-Policy", value: "no-referrer")
        // No page of another site may have it, as an image or a script either.
        headers.add(name: "Cross-Origin-Resource-Policy", value: "same-origin")
        if answer.status == 405 { headers.add(name: "Allow", value: "GET, HEAD") }
        headers.add(name: "Connection", value: isLast ? "close" : "keep-alive")
        self.init(version: .http1_1, status: HTTPResponseStatus(statusCode: answer.status), headers: headers)
    }

    /// A page gets nothing but from where it came itself. Not for HTML alone: a browser runs the scripts of an SVG, too.
    private static func contentSecurityPolicy(_ inlineHashes: [String]) -> String {
        let own = (["'self'"] + inlineHashes.map { "'sha256-\($0)'" }).joined(separator: " ")
        return "default-src 'none'; script-src \(own); style-src \(own); img-src 'self'; font-src 'self'; connect-src 'self'; "
            + "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    }
}
