/// What a peer did that no correct yamux implementation does. Each of them ends the session with GoAway 1.
package enum YamuxProtocolError: Error, Hashable, Sendable {
    /// The header is not 12 bytes. Cannot come from the network.
    case malformedHeader
    case unknownVersion(UInt8)
    case unknownFrameType(UInt8)
    /// Data or WindowUpdate for stream 0.
    case streamFrameForSession
    /// Ping or GoAway for a stream.
    case sessionFrameForStream(YamuxStreamID)
    /// SYN with an id that only we may use.
    case openedWithOurParity(YamuxStreamID)
    /// SYN for an id that was opened before.
    case openedTwice(YamuxStreamID)
    /// Data past the window that we granted.
    case receiveWindowExceeded(YamuxStreamID)
    /// WindowUpdates whose sum exceeds 32 bits.
    case sendWindowOverflow(YamuxStreamID)
    /// More useless frames than ``YamuxConfiguration/maximumGlitches`` allows.
    case tooManyGlitches
    /// More replies waiting for the transport than ``YamuxConfiguration/maximumControlBacklog`` allows.
    case controlBacklogExceeded
}

/// Why a stream is gone.
package enum YamuxStreamEnd: Hashable, Sendable {
    /// Both sides have sent all they had (or we told by `closeRead` that the rest does not matter).
    case finished
    /// The peer reset it: also the answer of a peer that refuses a new stream.
    case resetByPeer
    /// We were told to reset it.
    case resetLocally
    /// The peer sent data after its own FIN; we reset the stream.
    case violatedByPeer
    /// The session ended; `terminated` follows with the reason.
    case sessionEnded
}

/// Why `open` was refused.
package enum YamuxOpenRefusal: Error, Hashable, Sendable {
    /// ``YamuxConfiguration/maximumPendingOpens`` streams wait for the peer's acknowledgement.
    case tooManyPending
    /// We have sent GoAway.
    case goingAway
    /// The peer has sent GoAway.
    case peerGoingAway
    /// All 2³¹ ids of our parity are used: open a new connection.
    case idsExhausted
}

/// Why a `write` was refused. Nothing of it was taken.
package enum YamuxWriteRefusal: Error, Hashable, Sendable {
    /// The queue has no room for it now; `writable` follows once the queue is empty.
    case queueFull
    /// It is larger than ``YamuxConfiguration/maximumBufferedSendBytes`` and never fits: split it.
    case tooLarge
    /// After `closeWrite`.
    case closed
}

/// Why a session ended. The caller closes the connection, after what the last `send` holds.
package enum YamuxTermination: Error, Hashable, Sendable {
    /// The peer broke the protocol. GoAway 1 was sent.
    case protocolError(YamuxProtocolError)
    /// The peer ended the session at once: GoAway 1 (we broke the protocol), 2 (its internal error) or a code that nobody defined.
    case abortedByPeer(code: UInt32)
    /// We said GoAway and the last stream is gone.
    case wentAway
    /// The peer said GoAway and the last stream is gone.
    case peerWentAway
    /// Nothing came for ``YamuxConfiguration/keepAliveTimeout`` after a Ping.
    case keepAliveTimeout

    /// One side ended the session on purpose, and as the protocol has it.
    package var isGoodbye: Bool { self == .wentAway || self == .peerWentAway }
}
