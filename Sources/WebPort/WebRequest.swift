import IPAddresses

/// A question for a page. Whether it was GET or HEAD makes no difference to the answer.
package struct WebRequest: Hashable, Sendable {
    /// What is before the first `?`, as it came: percent-encoded, beginning with `/`.
    package var path: String
    /// What is behind it.
    package var query: String?
    /// Who asks; `nil` if the kernel does not say.
    package var client: IPAddress?

    package init(path: String, query: String? = nil, client: IPAddress? = nil) {
        self.path = path
        self.query = query
        self.client = client
    }

    /// From the target of a request in origin form (RFC 9112 section 3.2.1); `nil` for any other.
    init?(target: String, client: IPAddress?) {
        guard target.hasPrefix("/") else { return nil }
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.init(path: String(parts[0]), query: parts.count > 1 ? String(parts[1]) : nil, client: client)
    }
}
