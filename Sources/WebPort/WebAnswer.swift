import NIOCore

/// A page, or why there is none.
package struct WebAnswer: Hashable, Sendable {
    /// RFC 9110 section 15.
    package var status: Int
    /// Of the body: a media type, with its character set where it is text.
    package var contentType: String
    package var body: ByteBuffer
    /// How long it may be kept (RFC 9111 section 5.2): not at all, unless said otherwise.
    package var cacheControl = "no-store"
    /// Base64 of the SHA-256 of each script or style that stands in the page itself: a browser runs no other ones.
    package var inlineHashes: [String] = []

    package init(status: Int = 200, contentType: String, body: ByteBuffer) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    package init(status: Int = 200, contentType: String, body: String) {
        self.init(status: status, contentType: contentType, body: ByteBuffer(string: body))
    }

    package static func html(_ body: String, inlineHashes: [String] = []) -> WebAnswer {
        var answer = WebAnswer(contentType: "text/html; charset=utf-8", body: body)
        answer.inlineHashes = inlineHashes
        return answer
    }

    package static func json(_ body: ByteBuffer) -> WebAnswer {
        WebAnswer(contentType: "application/json", body: body)
    }

    package static func text(_ body: String, status: Int = 200) -> WebAnswer {
        WebAnswer(status: status, contentType: "text/plain; charset=utf-8", body: body)
    }
}
