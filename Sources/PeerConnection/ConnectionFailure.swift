import Multiformats
import SecureChannel
import Yamux

/// Why a connection ended, for the caller to tell the user or to choose what to do next.
package enum ConnectionFailure: Error, Hashable, Sendable {
    /// What came is no libp2p, or is encrypted with another secret.
    case otherNetwork
    /// Nothing that both sides speak at this layer.
    case noCommonProtocol(layer: String)
    /// The peer proved another identity than the one that was dialled.
    case unexpectedPeer(expected: PeerID, found: PeerID)
    /// The peer did not keep to the handshake.
    case handshake(String)
    /// The peer did not keep to the multiplexer's rules, or ended the session by them.
    case multiplexer(String)
    /// The peer did not finish the upgrade in time.
    case upgradeTimedOut
    /// The transport ended before the connection could carry streams.
    case closedDuringUpgrade
    /// The transport ended, without a word.
    case closed
    /// One side ended the connection on purpose, and said so.
    case goodbye
    /// The peer does not read what we send.
    case tooSlow
    /// Of all connections it makes us keep most, and together they make us keep too much.
    case tooCostly
}

extension ConnectionFailure {
    init(_ error: MultistreamError, layer: String) {
        switch error {
        case .garbageHeader, .malformed, .tooLong: self = .otherNetwork
        case .noProtocolInCommon, .tooManyProposals, .unexpectedAnswer: self = .noCommonProtocol(layer: layer)
        case .alreadyFinished: self = .handshake("negotiation out of order")
        }
    }

    init(_ error: SecurityError) {
        switch error {
        case .unexpectedPeer(let expected, let found): self = .unexpectedPeer(expected: expected, found: found)
        case .failed(let reason): self = .handshake(reason)
        }
    }
}

extension ConnectionFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .otherNetwork: "the other side is in another private network: its secret differs from ours"
        case .noCommonProtocol(let layer): "no common protocol for \(layer)"
        case .unexpectedPeer(let expected, let found): "expected peer \(expected), but \(found) answered"
        case .handshake(let reason): "handshake failed: \(reason)"
        case .multiplexer(let reason): "multiplexer: \(reason)"
        case .upgradeTimedOut: "the other side did not finish the handshake in time"
        case .closedDuringUpgrade:
            "the other side closed the connection during the handshake, as a node does whose secret differs from ours"
        case .closed: "the connection broke"
        case .goodbye: "one side said good-bye"
        case .tooSlow: "the other side does not read what it is sent"
        case .tooCostly: "the other side left too much unfinished or unread"
        }
    }
}
