import IPAddresses
import Multiformats
import Timeline

/// Which addresses peers have left a moment ago. Who is back at once has not moved: two machines have its identity, and each would end the
/// other's connection for ever.
package struct RecentMoves: Sendable {
    private struct Place: Hashable {
        let peer: PeerID
        let address: IPAddress
    }

    private let memory: Duration
    /// Until when each is remembered.
    private var left: [Place: Instant] = [:]

    package init(memory: Duration) {
        self.memory = memory
    }

    /// Of those that are past nothing is kept, so these are as many as can connect in that time.
    package mutating func note(_ peer: PeerID, leaving address: IPAddress, now: Instant) {
        left = left.filter { $0.value > now }
        left[Place(peer: peer, address: address)] = now + memory
    }

    package func isBack(_ peer: PeerID, at address: IPAddress, now: Instant) -> Bool {
        left[Place(peer: peer, address: address)].map { $0 > now } ?? false
    }
}
