import Multiformats
import Timeline

/// Announced messages that we asked for and await.
struct Promises: Sendable {
    private let maximumCount: Int
    private var deadlines: [MessageID: [PeerID: Instant]] = [:]
    private(set) var count = 0

    init(maximumCount: Int) {
        self.maximumCount = maximumCount
    }

    var isEmpty: Bool { deadlines.isEmpty }

    /// Follows up on one promise; a known one keeps its deadline. When full, the promise is not followed up.
    mutating func add(_ id: MessageID, by peer: PeerID, until deadline: Instant) {
        guard count < maximumCount, deadlines[id]?[peer] == nil else { return }
        deadlines[id, default: [:]][peer] = deadline
        count += 1
    }

    /// The message is here, from whomever: nobody owes it any more.
    mutating func fulfil(_ id: MessageID) {
        count -= deadlines.removeValue(forKey: id)?.count ?? 0
    }

    mutating func forget(_ peer: PeerID) {
        remove { promiser, _ in promiser == peer }
    }

    /// Removes the promises that were not kept in time. Returns who gave them, in order, and how many each.
    mutating func removeBroken(now: Instant) -> [(peer: PeerID, count: Int)] {
        var broken: [PeerID: Int] = [:]
        remove { peer, deadline in
            guard deadline <= now else { return false }
            broken[peer, default: 0] += 1
            return true
        }
        return broken.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private mutating func remove(where isGone: (PeerID, Instant) -> Bool) {
        guard !deadlines.isEmpty else { return }
        deadlines = deadlines.compactMapValues { promisers in
            let left = promisers.filter { !isGone($0.key, $0.value) }
            return left.isEmpty ? nil : left
        }
        count = deadlines.values.reduce(0) { $0 + $1.count }
    }
}
