/// A queue on an array: taking from the front moves an index, and the dead front is dropped when it is the larger part.
struct FIFO<Element: Sendable>: Sendable {
    private var elements: [Element?] = []
    private var head = 0

    var isEmpty: Bool { head == elements.count }
    var first: Element? { isEmpty ? nil : elements[head] }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        let element = elements[head]
        elements[head] = nil
        head += 1
        compact()
        return element
    }

    /// Changes the last element in place, if `change` wants to: it answers whether it did.
    mutating func updateLast(_ change: (inout Element) -> Bool) -> Bool {
        guard !isEmpty, var last = elements.removeLast() else { return false }
        let changed = change(&last)
        elements.append(last)
        return changed
    }

    mutating func removeAll(where matches: (Element) -> Bool) {
        elements = elements[head...].filter { $0.map { !matches($0) } ?? false }
        head = 0
    }

    private mutating func compact() {
        if head == elements.count {
            elements.removeAll(keepingCapacity: head <= 64)
            head = 0
        } else if head >= 32, head * 2 >= elements.count {
            elements.removeFirst(head)
            head = 0
        }
    }
}
