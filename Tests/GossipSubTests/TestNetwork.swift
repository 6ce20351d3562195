import Multiformats
import Timeline
import WeftTestKit

@testable import GossipSub

/// Many routers in memory: virtual time, a latency for each link, frames in order, messages lost at will.
struct TestNetwork {
    private enum Event {
        case connected(node: Int, to: Int, isOutbound: Bool, link: Int)
        case frame(from: Int, to: Int, [UInt8], link: Int)
    }

    private struct Link {
        /// Changes when the link goes down, so that frames in flight are lost.
        var number: Int
        let latency: Duration
    }

    private struct Pair: Hashable {
        let low: Int
        let high: Int

        init(_ first: Int, _ second: Int) {
            low = min(first, second)
            high = max(first, second)
        }
    }

    private(set) var routers: [Router] = []
    private(set) var now = Instant.origin
    /// How often each message was delivered, by node.
    private(set) var deliveries: [[MessageID: Int]] = []
    private(set) var drops: [DropReason] = []
    private(set) var wakeUps = 0
    /// Frames that asked for messages; counted while frames are looked into for loss.
    private(set) var requests = 0
    /// A digest of all that happened.
    private(set) var trace: UInt64 = 14_695_981_039_346_656_037
    var lossRate = 0.0
    var generator: SeededGenerator

    private var indexes: [PeerID: Int] = [:]
    private var links: [Pair: Link] = [:]
    private var linkCount = 0
    private var agenda = Agenda<Event>()

    init(count: Int, seed: UInt64, policy: TopicPolicy, configuration: GossipSubConfiguration = GossipSubConfiguration()) throws {
        generator = SeededGenerator(seed: seed)
        deliveries = Array(repeating: [:], count: count)
        for index in 0..<count {
            let identity = try identity(index)
            indexes[identity.peerID] = index
            routers.append(
                Router(
                    identity: identity, configuration: configuration, firstSequence: 1,
                    generator: SeededGenerator(seed: seed &+ UInt64(index))))
        }
        for index in 0..<count { handle(.subscribe(topic, policy), at: index) }
    }

    mutating func connect(_ dialler: Int, _ listener: Int) {
        let pair = Pair(dialler, listener)
        guard dialler != listener, links[pair] == nil else { return }
        linkCount += 1
        let latency = Duration.milliseconds(Int.random(in: 1...80, using: &generator))
        links[pair] = Link(number: linkCount, latency: latency)
        agenda.add(.connected(node: dialler, to: listener, isOutbound: true, link: linkCount), at: now + latency)
        agenda.add(.connected(node: listener, to: dialler, isOutbound: false, link: linkCount), at: now + latency * 2)
    }

    mutating func disconnect(_ first: Int, _ second: Int) {
        guard links.removeValue(forKey: Pair(first, second)) != nil else { return }
        handle(.peerDisconnected(routers[second].identity.peerID), at: first)
        handle(.peerDisconnected(routers[first].identity.peerID), at: second)
    }

    /// A ring with random chords, of a degree at which every mesh has room.
    mutating func connectRandomly(chords: Int) {
        let count = routers.count
        var degrees = Array(repeating: 2, count: count)
        for index in 0..<count { connect(index, (index + 1) % count) }
        for _ in 0..<chords {
            let first = Int.random(in: 0..<count, using: &generator)
            let second = Int.random(in: 0..<count, using: &generator)
            guard max(degrees[first], degrees[second]) < 6 else { continue }
            connect(first, second)
            degrees[first] += 1
            degrees[second] += 1
        }
    }

    mutating func connectAll() {
        for first in routers.indices {
            for second in routers.indices where first < second { connect(first, second) }
        }
    }

    var linkedPairs: [(Int, Int)] {
        links.keys.map { ($0.low, $0.high) }.sorted { $0 < $1 }
    }

    mutating func publish(_ text: String, at node: Int) {
        handle(.publish(topic, Array(text.utf8)), at: node)
    }

    mutating func handle(_ input: GossipSubInput, at node: Int) {
        for action in routers[node].handle(input, now: now) { carryOut(action, at: node) }
    }

    mutating func run(_ duration: Duration) {
        let end = now + duration
        while step(until: end) {}
        now = end
    }

    private mutating func step(until end: Instant) -> Bool {
        let deadline = routers.indices.compactMap { index in routers[index].nextDeadline.map { (max($0, now), index) } }.min { $0.0 < $1.0 }
        if let next = agenda.nextTime, next <= end, deadline.map({ next <= $0.0 }) ?? true {
            now = next
            if let event = agenda.removeFirst() { take(event) }
            return true
        }
        guard let (time, index) = deadline, time <= end else { return false }
        now = time
        wakeUps += 1
        handle(.deadlineReached, at: index)
        return true
    }

    private mutating func take(_ event: Event) {
        switch event {
        case .connected(let node, let other, let isOutbound, let link):
            guard links[Pair(node, other)]?.number == link else { return }
            let peer = routers[other].identity.peerID
            if let record = try? sealedRecord(other) { handle(.certified(peer, signedPeerRecord: record), at: node) }
            handle(.peerConnected(peer, .v1_1, isOutbound: isOutbound), at: node)
        case .frame(let sender, let receiver, let frame, let link):
            guard links[Pair(sender, receiver)]?.number == link else { return }
            handle(.received(from: routers[sender].identity.peerID, frame), at: receiver)
        }
    }

    private mutating func carryOut(_ action: GossipSubAction, at node: Int) {
        switch action {
        case .send(let peer, let frame): send(frame, from: node, to: indexes[peer] ?? -1)
        case .deliver(let message):
            deliveries[node][message.id, default: 0] += 1
            note(message.id.bytes + [UInt8(node)])
            if routers[node].topics[message.topic]?.policy.validation == .external { handle(.validated(message.id, .accept), at: node) }
        case .connect(let records):
            for record in records { indexes[record.peerID].map { connect(node, $0) } }
        case .dropped(_, let reason): drops.append(reason)
        case .refused: break
        }
    }

    private mutating func send(_ frame: [UInt8], from sender: Int, to receiver: Int) {
        guard let link = links[Pair(sender, receiver)] else { return }
        let frame = withLoss(frame)
        note([UInt8(sender), UInt8(receiver)] + frame)
        agenda.add(.frame(from: sender, to: receiver, frame, link: link.number), at: now + link.latency)
    }

    /// Takes messages out of a frame at random; control arrives.
    private mutating func withLoss(_ frame: [UInt8]) -> [UInt8] {
        guard lossRate > 0, let rpc = try? RPCCodec.decode(frame, GossipSubConfiguration()) else { return frame }
        if rpc.control.contains(where: { if case .iwant = $0 { true } else { false } }) { requests += 1 }
        guard !rpc.messages.isEmpty else { return frame }
        var builder = FrameBuilder(maximumBytes: .max)
        for subscription in rpc.subscriptions { builder.add(subscription) }
        for message in rpc.messages where Double.random(in: 0..<1, using: &generator) >= lossRate { builder.add(message: message) }
        for entry in rpc.control { builder.add(entry) }
        builder.finish()
        return builder.frames[0]
    }

    /// FNV-1a.
    private mutating func note(_ bytes: [UInt8]) {
        for byte in bytes { trace = (trace ^ UInt64(byte)) &* 1_099_511_628_211 }
    }
}

/// Events in order of time, and of addition at the same time: a binary heap.
struct Agenda<Event> {
    private var heap: [(time: Instant, number: Int, event: Event)] = []
    private var count = 0

    var nextTime: Instant? { heap.first?.time }

    mutating func add(_ event: Event, at time: Instant) {
        heap.append((time, count, event))
        count += 1
        var child = heap.count - 1
        while child > 0, isBefore(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() -> Event? {
        guard !heap.isEmpty else { return nil }
        heap.swapAt(0, heap.count - 1)
        let event = heap.removeLast().event
        var parent = 0
        while let child = [2 * parent + 1, 2 * parent + 2].filter({ $0 < heap.count }).min(by: isBefore), isBefore(child, parent) {
            heap.swapAt(child, parent)
            parent = child
        }
        return event
    }

    private func isBefore(_ first: Int, _ second: Int) -> Bool {
        (heap[first].time, heap[first].number) < (heap[second].time, heap[second].number)
    }
}
