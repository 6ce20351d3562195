import IPAddresses
import LoopRuntime
import Multiformats
import NIOCore
import PeerConnection
import Timeline

/// Numbers the connections of a host, in the order in which they were made.
struct LinkID: Hashable, Comparable, Sendable {
    let rawValue: UInt64

    static func < (left: LinkID, right: LinkID) -> Bool { left.rawValue < right.rawValue }
}

/// One TCP connection and its machine.
struct Link {
    var machine: PeerConnection
    let channel: any Channel
    let remote: IPAddress?
    /// Moves with the machine's next deadline.
    let timer: LoopTimer
    /// Runs while the peer does not read.
    let stallTimer: LoopTimer
    /// What its machine keeps, as last counted.
    var heldBytes = 0
    /// Message protocols in which the peer reads us.
    var sendable: [MessageProtocol: String] = [:]
    /// Who waits until the peer has read what was sent by a protocol.
    var waitingForRoom: [(MessageProtocol, CheckedContinuation<Void, Never>)] = []
    /// When it was known who is there.
    var establishedAt: Instant?
    /// The dial that it came of, until that has ended.
    var dial: DialID?

    var peer: PeerID? { machine.remotePeer }
}
