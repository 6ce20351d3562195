import Timeline

/// What is still to happen, soonest first; of two things at one moment, the one that was planned first. A binary heap.
struct EventQueue<Event: Sendable>: Sendable {
    private struct Entry: Sendable {
        let time: Instant
        let serial: UInt64
        let event: Event

        static func < (left: Entry, right: Entry) -> Bool {
            left.time == right.time ? left.serial < right.serial : left.time < right.time
        }
    }

    private var heap: [Entry] = []
    private var nextSerial: UInt64 = 0

    var nextTime: Instant? { heap.first?.time }

    mutating func insert(_ event: Event, at time: Instant) {
        heap.append(Entry(time: time, serial: nextSerial, event: event))
        nextSerial += 1
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popFirst() -> (time: Instant, event: Event)? {
        guard let last = heap.popLast() else { return nil }
        guard let first = heap.first else { return (last.time, last.event) }
        heap[0] = last
        var parent = 0
        while let child = soonerChild(of: parent), heap[child] < heap[parent] {
            heap.swapAt(child, parent)
            parent = child
        }
        return (first.time, first.event)
    }

    private func soonerChild(of parent: Int) -> Int? {
        let left = 2 * parent + 1
        guard left < heap.count else { return nil }
        return left + 1 < heap.count && heap[left + 1] < heap[left] ? left + 1 : left
    }
}
