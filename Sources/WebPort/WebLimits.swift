import NIOCore

/// What strangers can make a port cost.
package struct WebLimits: Hashable, Sendable {
    /// Connections at once. One more closes the one that has been idle for longest, or else the one that has been slow to read for longest.
    package var maximumConnections = 64
    /// The target and all header fields of a request, their names and values, in bytes.
    package var maximumHeadBytes = 8192
    /// Header fields of a request.
    package var maximumHeaderFields = 64
    /// The target of a request: the path and the query, in bytes.
    package var maximumTargetBytes = 2048
    /// Requests of one connection that wait for their turn; after that many no more are heard of it.
    package var maximumPipelinedRequests = 64
    /// What all peers together have not taken yet of their answers, in bytes. Who has been slow for longest makes room for who asks; an
    /// answer that is longer by itself is not given.
    package var maximumPendingBytes = 32 << 20
    /// How long a peer may take for its next whole request.
    package var idleTimeout = TimeAmount.seconds(30)
    /// How long a peer may take nothing of an answer that is on its way.
    package var stallTimeout = TimeAmount.seconds(30)
    /// How long a connection stays open to be read after its last answer, so that the peer gets to see that one.
    package var lingerTimeout = TimeAmount.seconds(2)

    package init() {}

    /// Connections that the kernel holds until they are looked at; one more has to try again.
    static let backlog: Int32 = 256
    /// What is read at a time, in bytes.
    static let readBytes = 4096

    /// What a request may take up while it is not whole, in bytes: white space is not counted as part of the head, but it is kept.
    var maximumUnparsedBytes: Int { maximumHeadBytes + Self.readBytes }
}
