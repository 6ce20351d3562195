import Multiformats
import Timeline

/// Ends of leases, soonest first: a binary heap. Entries of leases that were renewed stay until they come to the front, or
/// until they outnumber the others: the owner of the queue sees to that.
struct LeaseQueue: Sendable {
    struct Lease: Sendable {
        let end: Instant
        let peer: PeerID
    }

    private var heap: [Lease] = []

    init(_ leases: some Sequence<Lease> = EmptyCollection()) {
        heap = leases.sorted { $0.end < $1.end }  // a sorted array is a heap
    }

    var count: Int { heap.count }
    var first: Lease? { heap.first }

    mutating func insert(_ peer: PeerID, end: Instant) {
        heap.append(Lease(end: end, peer: peer))
        var child = heap.count - 1
        while child > 0, heap[child].end < heap[(child - 1) / 2].end {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while let child = earlierChild(of: parent), heap[child].end < heap[parent].end {
            heap.swapAt(child, parent)
            parent = child
        }
    }

    private func earlierChild(of parent: Int) -> Int? {
        let left = 2 * parent + 1
        guard left < heap.count else { return nil }
        return left + 1 < heap.count && heap[left + 1].end < heap[left].end ? left + 1 : left
    }
}
