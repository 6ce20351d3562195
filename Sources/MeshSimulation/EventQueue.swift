import Timeline

/// What is still to happen, soonest first; of two things at one moment, the one that was planned first. A binary heap of small entries;
/// the events themselves stay where they are.
struct EventQueue<Event> {
    private struct Entry {
        let time: Instant
        let serial: UInt64
        let slot: Int

        static func < (left: Entry, right: Entry) -> Bool {
            left.time == right.time ? left.serial < right.serial : left.time < right.time
        }
    }

    private var heap: [Entry] = []
    private var nextSerial: UInt64 = 0
    private var events: [Event?] = []
    private var freeSlots: [Int] = []

    var nextTime: Instant? { heap.first?.time }

    mutating func insert(_ event: Event, at time: Instant) {
        let entry = Entry(time: time, serial: nextSerial, slot: keep(event))
        nextSerial += 1
        heap.append(entry)
        var child = heap.count - 1
        while child > 0, entry < heap[(child - 1) / 2] {
            heap[child] = heap[(child - 1) / 2]
            child = (child - 1) / 2
        }
        heap[child] = entry
    }

    mutating func popFirst() -> (time: Instant, event: Event)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty { sink(last) }
        return take(first.slot).map { (first.time, $0) }
    }

    /// Puts an entry in place of the first one, and then where it belongs.
    private mutating func sink(_ entry: Entry) {
        var parent = 0
        while let child = soonerChild(of: parent), heap[child] < entry {
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = entry
    }

    private func soonerChild(of parent: Int) -> Int? {
        let left = 2 * parent + 1
        guard left < heap.count else { return nil }
        return left + 1 < heap.count && heap[left + 1] < heap[left] ? left + 1 : left
    }

    private mutating func keep(_ event: Event) -> Int {
        guard let slot = freeSlots.popLast() else {
            events.append(event)
            return events.count - 1
        }
        events[slot] = event
        return slot
    }

    private mutating func take(_ slot: Int) -> Event? {
        freeSlots.append(slot)
        return events[slot].take()
    }
}
