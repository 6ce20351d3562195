/// Why a negotiation failed. It cannot be resumed.
package enum MultistreamError: Error, Hashable, Sendable {
    /// The first bytes are not multistream's header. In a private network: the peer has another secret.
    case garbageHeader
    /// All our proposals were refused.
    case noProtocolInCommon
    /// A message of more than `MultistreamNegotiation.maximumMessageLength` bytes.
    case tooLong(UInt64)
    /// The peer proposed more than `MultistreamNegotiation.maximumProposalCount` unknown protocols.
    case tooManyProposals
    /// A broken length, or a message without line feed at its end.
    case malformed
    /// Neither `na` nor the protocol that we proposed.
    case unexpectedAnswer
    /// The negotiation is over; the bytes belong to whoever took the outcome.
    case alreadyFinished
}
