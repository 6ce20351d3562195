import Multiformats
import SwiftProtobuf
import Testing
import Timeline
import WeftTestKit

@testable import Mesh

/// Two control planes with a link between them that carries sync alone, and counts.
struct SyncPair {
    var planes: [ControlPlane]
    let peers: [PeerID]
    var now = Instant.origin
    /// Of sync messages, without the records in them; both directions.
    private(set) var comparedBytes = 0
    private(set) var messageCount = 0
    private(set) var recordCount = 0
    /// How often all that was under way had to be delivered until nothing was.
    private(set) var trips = 0
    private(set) var notices: [ControlPlane.Notice] = []

    /// Nodes 0 and 1, who know each other, and what both of them hold besides.
    init(common: [SealedRecord] = [], limits: ControlPlaneLimits = ControlPlaneLimits()) throws {
        planes = try [controlPlane(0, limits: limits), controlPlane(1, limits: limits)]
        peers = try [identity(0).peerID, identity(1).peerID]
        for node in 0...1 {
            _ = planes[node].handle(.started, now: now, wallClockMillis: 1)
            for record in common { planes[node].membership.store(Membership.Member(sealed: record, issuedAt: now)) }
        }
    }

    /// As if they had met before.
    mutating func introduce() {
        for node in 0...1 { if let own = planes[1 - node].membership.own?.sealed { hold(own, at: node) } }
    }

    mutating func hold(_ record: SealedRecord, at node: Int, age: Duration = .zero) {
        _ = planes[node].membership.merge(record, age: age, now: now)
    }

    mutating func connect() {
        let openings = [0, 1].map { node in (node, planes[node].handle(.peerConnected(peers[1 - node]), now: now, wallClockMillis: 1)) }
        carry(openings)
    }

    /// One of them has lost a connection to the other, while another one stands.
    mutating func changePaths(at node: Int) {
        carry([(node, planes[node].handle(.peerPathsChanged(peers[1 - node]), now: now, wallClockMillis: 1))])
    }

    mutating func pass(_ duration: Duration) {
        let end = now + duration
        while let next = planes.compactMap(\.nextDeadline).min(), next <= end {
            now = max(now, next)
            carry([0, 1].map { ($0, planes[$0].handle(.deadlineReached, now: now, wallClockMillis: 1)) })
        }
        now = end
    }

    /// Delivers messages, and those that answer them, until there are no more.
    private mutating func carry(_ actions: [(node: Int, actions: [ControlPlane.Action])]) {
        var underWay = actions.map { (to: 1 - $0.node, messages: sent($0.actions)) }
        while underWay.contains(where: { !$0.messages.isEmpty }) {
            trips += 1
            underWay = underWay.map { to, messages in
                let answers = messages.flatMap { message in
                    planes[to].handle(.syncMessage(from: peers[1 - to], message), now: now, wallClockMillis: 1)
                }
                return (to: 1 - to, messages: sent(answers))
            }
        }
    }

    private mutating func sent(_ actions: [ControlPlane.Action]) -> [[UInt8]] {
        actions.compactMap { action in
            if case .notice(let notice) = action { notices.append(notice) }
            guard case .sendSync(_, let bytes) = action else { return nil }
            count(bytes)
            return bytes
        }
    }

    private mutating func count(_ bytes: [UInt8]) {
        let records = (try? WireSyncMessage(serializedBytes: bytes))?.records ?? []
        messageCount += 1
        recordCount += records.count
        comparedBytes += bytes.count - records.reduce(0) { $0 + ((try? $1.serializedData().count) ?? 0) }
    }

    var agrees: Bool { planes[0].membership.state == planes[1].membership.state }
}

/// Records that cannot be sent, of peers without keys: signing many would take the time.
func unsignedRecords(_ count: Int, _ generator: inout SeededGenerator) throws -> [SealedRecord] {
    let model = try record(500).record
    return try (0..<count).map { _ in
        var copy = model
        copy.peer = try PeerID(bytes: [0x12, 0x20] + generator.bytes(32))
        copy.sequence = 1_800_000_000_000 + UInt64.random(in: 0...1_000_000_000, using: &generator)
        copy.addresses = []
        return SealedRecord(unchecked: copy)
    }
}
