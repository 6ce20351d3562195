/// An answer, before it is bytes.
package struct DNSResponse: Hashable, Sendable {
    /// The longest message that goes through everywhere in one piece (DNS Flag Day 2020), and so the longest that is sent by UDP.
    package static let maximumUDPBytes = 1232
    /// What a sender can take that says nothing of it (RFC 1035 section 4.2.1).
    package static let minimumUDPBytes = 512
    /// What the two bytes before a message can say (RFC 1035 section 4.2.2).
    package static let maximumTCPBytes = 65_535

    package var query: DNSHeader
    package var code: ResponseCode
    /// AA.
    package var isAuthoritative = false
    package var question: DNSQuestion?
    package var answers: [DNSRecord] = []
    package var authority: [DNSRecord] = []
    package var edns: DNSExtension?

    package init(query: DNSHeader, code: ResponseCode) {
        self.query = query
        self.code = code
    }

    /// The whole answer, or, if that is longer than `limit`, one without records that says so (TC): half a set of records would be
    /// taken for the whole (RFC 2181 section 9).
    package func encoded(atMost limit: Int) -> [UInt8] {
        let whole = encoded(truncated: false)
        return whole.count <= limit ? whole : encoded(truncated: true)
    }

    private func encoded(truncated: Bool) -> [UInt8] {
        let (answers, authority) = truncated ? ([], []) : (self.answers, self.authority)
        var writer = DNSWriter()
        writer.append(query.id)
        writer.append(flags(truncated: truncated))
        for count in [question == nil ? 0 : 1, answers.count, authority.count, edns == nil ? 0 : 1] {
            writer.append(UInt16(truncatingIfNeeded: count))
        }
        if let question { writer.append(question) }
        for record in answers + authority { writer.append(record) }
        if let edns { writer.append(edns, code: code) }
        return writer.bytes
    }

    /// RA is never set: nobody is asked on behalf of others. Nor are AD and CD (RFC 4035 section 3.1.6).
    private func flags(truncated: Bool) -> UInt16 {
        DNSHeader.Flag.response | query.repeated | (isAuthoritative ? DNSHeader.Flag.authoritative : 0)
            | (truncated ? DNSHeader.Flag.truncated : 0) | code.rawValue & 0xf
    }
}
