/// The name of a topic. Compared by its UTF-8 bytes, as on the wire: Swift's own string equality would fold different spellings.
package struct Topic: Hashable, Comparable, Sendable, CustomStringConvertible {
    let bytes: [UInt8]

    package init(_ name: String) {
        bytes = Array(name.utf8)
    }

    /// The name as text. A peer chooses the names of its own topics: escape before printing.
    package var name: String { String(decoding: bytes, as: UTF8.self) }
    package var description: String { name }

    package static func < (left: Topic, right: Topic) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

/// How the messages of a topic are authenticated and when they are forwarded.
package struct TopicPolicy: Hashable, Sendable {
    /// Source: libp2p specification, pubsub/README.md, "Message Signing".
    package enum Signing: Hashable, Sendable {
        /// Author, sequence number and signature are required and checked. Message id: author, then sequence number.
        case strictSign
        /// None of them may be present (StrictNoSign). Message id: the first 20 bytes of SHA-256 over topic and data.
        case none
    }

    package enum Validation: Hashable, Sendable {
        /// A message that passes the router's own checks is forwarded at once.
        case acceptAll
        /// A message is forwarded only after `Input.validated(_:_:)` accepts it.
        case external
    }

    package var signing: Signing
    package var validation: Validation

    package init(signing: Signing, validation: Validation) {
        self.signing = signing
        self.validation = validation
    }
}
