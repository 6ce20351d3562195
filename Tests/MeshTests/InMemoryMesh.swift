import IPAddresses
import Mesh
import Multiformats
import Timeline
import WeftTestKit

func controlPlane(
    _ number: Int, overlay ranges: OverlayRanges? = nil, name alias: String? = nil, restored: MeshSnapshot? = nil,
    limits: ControlPlaneLimits = ControlPlaneLimits(), now: Instant = .origin, wallClockMillis: UInt64 = 1
) throws -> ControlPlane {
    let settings = ControlPlaneSettings(
        name: name(alias ?? "host-\(number)"), wireguardKey: wireguardKey(number), wireguardPort: 10042,
        overlay: try ranges ?? overlay("10.42.0.0/16", "fd00:1:2:3::/64"), software: "weft test", limits: limits)
    return ControlPlane(identity: try identity(number), settings: settings, restored: restored, now: now, wallClockMillis: wallClockMillis)
}

/// Many control planes, virtual time, links that come and go. Gossip floods over the links as far as verdicts allow and may get
/// lost; what goes over one link arrives in order, but which link is next is random.
struct InMemoryMesh {
    struct Link: Hashable {
        let from: Int
        let to: Int
    }

    enum Frame {
        case gossip([UInt8])
        case sync([UInt8])
    }

    var nodes: [ControlPlane] = []
    var peers: [PeerID] = []
    var clockSkewMillis: [Int64] = []
    var links: [Link: [Frame]] = [:]
    /// Links with frames under way; may name one that was cut.
    private var busy: [Link] = []
    var notices: [(node: Int, notice: ControlPlane.Notice)] = []
    var now = Instant.origin
    var generator: SeededGenerator
    var gossipLossPercent = 0
    var framesCarried = 0
    /// From one frame to the next, anywhere in the mesh.
    var frameTime = Duration.milliseconds(1)
    /// Bytes of sync messages sent, by node.
    var syncBytes: [Int] = []
    var syncMessages = 0

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    mutating func add(_ node: ControlPlane, identity number: Int) throws {
        nodes.append(node)
        peers.append(try identity(number).peerID)
        syncBytes.append(0)
        clockSkewMillis.append(Int64.random(in: -3_600_000...3_600_000, using: &generator))
        handle(.started, at: nodes.count - 1)
    }

    mutating func connect(_ one: Int, _ other: Int) {
        guard one != other, links[Link(from: one, to: other)] == nil else { return }
        links[Link(from: one, to: other)] = []
        links[Link(from: other, to: one)] = []
        handle(.peerConnected(peers[other]), at: one)
        handle(.peerConnected(peers[one]), at: other)
    }

    mutating func disconnect(_ one: Int, _ other: Int) {
        guard links.removeValue(forKey: Link(from: one, to: other)) != nil else { return }
        links[Link(from: other, to: one)] = nil
        handle(.peerDisconnected(peers[other]), at: one)
        handle(.peerDisconnected(peers[one]), at: other)
    }

    mutating func handle(_ input: ControlPlane.Input, at node: Int) {
        let wallClock = UInt64(1_800_000_000_000 + now.nanoseconds / 1_000_000 + clockSkewMillis[node])
        for action in nodes[node].handle(input, now: now, wallClockMillis: wallClock) {
            switch action {
            case .publish(let bytes): gossip(bytes, from: node, except: nil)
            case .gossipVerdict(.accept):
                if case .gossip(let sender, let bytes) = input { gossip(bytes, from: node, except: sender) }
            case .gossipVerdict(.ignore), .gossipVerdict(.reject), .membershipChanged, .networkChanged, .persist: break
            case .sendSync(let peer, let bytes):
                precondition(bytes.count <= ControlPlane.maximumSyncMessageLength)
                syncBytes[node] += bytes.count
                syncMessages += 1
                if let to = peers.firstIndex(of: peer) { send(.sync(bytes), over: Link(from: node, to: to)) }
            case .notice(let notice): notices.append((node, notice))
            }
        }
    }

    private mutating func send(_ frame: Frame, over link: Link) {
        guard let queue = links[link] else { return }
        if queue.isEmpty { busy.append(link) }
        links[link]?.append(frame)
    }

    private mutating func gossip(_ bytes: [UInt8], from node: Int, except sender: PeerID?) {
        for to in nodes.indices where peers[to] != sender && links[Link(from: node, to: to)] != nil {
            if Int.random(in: 0..<100, using: &generator) < gossipLossPercent { continue }
            send(.gossip(bytes), over: Link(from: node, to: to))
        }
    }

    /// Delivers until nothing is under way, nor to be said within a second.
    mutating func settle(maximumFrames: Int = 2_000_000) {
        deliverAll(maximumFrames: maximumFrames)
        while let next = nodes.compactMap(\.nextDeadline).min(), next <= now + .seconds(1) {
            meetDeadlines(at: next)
            deliverAll(maximumFrames: maximumFrames)
        }
    }

    /// Delivers until nothing is under way.
    mutating func deliverAll(maximumFrames: Int = 2_000_000) {
        var budget = maximumFrames
        while !busy.isEmpty {
            precondition(budget > 0, "the mesh does not come to rest")
            let position = Int.random(in: busy.indices, using: &generator)
            let link = busy[position]
            if links[link]?.count ?? 0 <= 1 {
                busy.swapAt(position, busy.count - 1)
                busy.removeLast()
            }
            deliver(link)
            budget -= 1
        }
    }

    private mutating func deliver(_ link: Link) {
        guard links[link]?.isEmpty == false, let frame = links[link]?.removeFirst() else { return }
        framesCarried += 1
        now = now + frameTime
        switch frame {
        case .gossip(let bytes): handle(.gossip(from: peers[link.from], bytes), at: link.to)
        case .sync(let bytes): handle(.syncMessage(from: peers[link.from], bytes), at: link.to)
        }
    }

    /// Lets time pass, with every deadline met.
    mutating func pass(_ duration: Duration) {
        let end = now + duration
        deliverAll()
        while let next = nodes.compactMap(\.nextDeadline).min(), next <= end {
            meetDeadlines(at: next)
            deliverAll()
        }
        now = max(now, end)
    }

    private mutating func meetDeadlines(at instant: Instant) {
        now = max(now, instant)
        for node in nodes.indices where nodes[node].nextDeadline.map({ $0 <= now }) ?? false { handle(.deadlineReached, at: node) }
    }
}
