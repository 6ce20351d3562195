import Multiformats
import SwiftProtobuf
import Testing
import Timeline
import WeftTestKit

@testable import Mesh

@Suite struct SyncTests {
    private func connected(_ limits: ControlPlaneLimits = ControlPlaneLimits(), records: Int = 0) throws -> (ControlPlane, PeerID) {
        var plane = try controlPlane(0, limits: limits)
        let partner = try identity(99).peerID
        _ = handle(.started, &plane)
        for number in 0..<records {
            _ = handle(.gossip(from: partner, Announcement.record(AgedRecord(try record(number + 1), age: .zero)).encoded), &plane)
        }
        _ = handle(.peerConnected(partner), &plane)
        return (plane, partner)
    }

    private func handle(_ input: ControlPlane.Input, _ plane: inout ControlPlane, at seconds: Int = 0) -> [ControlPlane.Action] {
        plane.handle(input, now: .origin + .seconds(seconds), wallClockMillis: 1000)
    }

    private func sent(_ actions: [ControlPlane.Action]) throws -> [WireSyncMessage] {
        try actions.compactMap { action in
            guard case .sendSync(_, let bytes) = action else { return nil }
            return try WireSyncMessage(serializedBytes: bytes)
        }
    }

    private func refusals(_ actions: [ControlPlane.Action]) -> [ControlPlane.SyncRefusal] {
        actions.compactMap { if case .notice(.syncRefused(_, let refusal)) = $0 { refusal } else { nil } }
    }

    private func list(_ held: [(peer: PeerID, sequence: UInt64)]) -> [UInt8] {
        SyncMessage.list(held, maximumLength: 65_536)[0]
    }

    @Test func listsWhatIsHeldInMessagesOfBoundedLength() throws {
        let held = try (0..<50).map { (peer: try identity($0).peerID, sequence: UInt64.max) }
        let messages = SyncMessage.list(held, maximumLength: 500)
        #expect(messages.count > 3 && messages.allSatisfy { $0.count <= 500 })
        let decoded = try messages.map { try WireSyncMessage(serializedBytes: $0) }
        #expect(decoded.flatMap(\.held).count == 50)
        #expect(decoded.map(\.heldComplete) == Array(repeating: false, count: messages.count - 1) + [true])
        #expect(try WireSyncMessage(serializedBytes: SyncMessage.list([], maximumLength: 500)[0]).heldComplete)
        let records = try (0..<20).map { AgedRecord(try record($0), age: RecordLimits.leaseRange.upperBound) }
        #expect(SyncMessage.records(records, maximumLength: 2000).allSatisfy { $0.count <= 2000 })
    }

    @Test func answersWithWhatTheOtherLacks() throws {
        var (plane, partner) = try connected(records: 3)
        let held = [(peer: try identity(1).peerID, sequence: UInt64(1)), (peer: try identity(2).peerID, sequence: UInt64(0))]
        let answer = try sent(handle(.syncMessage(from: partner, list(held)), &plane)).flatMap(\.records)
        let peers = try answer.map { try AgedRecord($0).sealed.record.peer }
        #expect(try Set(peers) == Set([0, 2, 3].map { try identity($0).peerID }))
    }

    @Test func newsGoOnToTheOtherPartnersOnce() throws {
        var (plane, partner) = try connected()
        let other = try identity(98).peerID
        _ = handle(.peerConnected(other), &plane)
        let message = SyncMessage.records([AgedRecord(try record(1), age: .seconds(5))], maximumLength: 65_536)[0]
        let actions = handle(.syncMessage(from: partner, message), &plane)
        #expect(actions.filter { if case .sendSync(other, _) = $0 { true } else { false } }.count == 1)
        #expect(!actions.contains { if case .sendSync(partner, _) = $0 { true } else { false } })
        #expect(handle(.syncMessage(from: partner, message), &plane).isEmpty)
    }

    @Test func listsAreAnsweredNowAndThenOnly() throws {
        var (plane, partner) = try connected(records: 1)
        let empty = list([])
        #expect(try sent(handle(.syncMessage(from: partner, empty), &plane)).count == 1)
        #expect(refusals(handle(.syncMessage(from: partner, empty), &plane, at: 59)) == [.listTooSoon])
        #expect(try sent(handle(.syncMessage(from: partner, empty), &plane, at: 60)).count == 1)
    }

    @Test func faultsAreCountedAndThenIgnored() throws {
        var (plane, partner) = try connected()
        for count in 1...16 {
            let refused = refusals(handle(.syncMessage(from: partner, [0xff]), &plane))
            #expect(refused == (count < 16 ? [.malformed] : [.malformed, .tooManyGlitches]))
        }
        let good = SyncMessage.records([AgedRecord(try record(1), age: .zero)], maximumLength: 65_536)[0]
        #expect(handle(.syncMessage(from: partner, good), &plane).isEmpty)
        _ = handle(.peerDisconnected(partner), &plane)
        _ = handle(.peerConnected(partner), &plane)
        #expect(!handle(.syncMessage(from: partner, good), &plane).isEmpty)
    }

    @Test func manyBadRecordsInOneMessageEndEarly() throws {
        var (plane, partner) = try connected()
        var message = WireSyncMessage()
        message.records = .init(repeating: WireAgedRecordMessage(), count: 10_000)
        #expect(handle(.syncMessage(from: partner, try message.serializedBytes()), &plane).count == 17)
    }

    @Test func limitsHold() throws {
        var limits = ControlPlaneLimits()
        limits.maximumSyncPartners = 1
        limits.membership.maximumMembers = 3
        limits.membership.maximumForgotten = 2
        var (plane, partner) = try connected(limits)
        let stranger = try identity(98).peerID
        #expect(refusals(handle(.peerConnected(stranger), &plane)) == [.tooManyPartners])
        #expect(refusals(handle(.syncMessage(from: stranger, []), &plane)) == [.notConnected])
        let long = [UInt8](repeating: 0, count: ControlPlane.maximumSyncMessageLength + 1)
        #expect(refusals(handle(.syncMessage(from: partner, long), &plane)) == [.tooLong(byteCount: long.count)])
        let held = try (0..<6).map { (peer: try identity($0).peerID, sequence: UInt64(1)) }
        #expect(refusals(handle(.syncMessage(from: partner, list(held)), &plane)) == [.listTooLong])
    }

    @Test func endedRecordsAreListedSoThatNobodySendsThem() throws {
        var (plane, partner) = try connected(records: 1)
        _ = handle(.peerDisconnected(partner), &plane)
        let actions = handle(.peerConnected(partner), &plane, at: 3600)
        #expect(plane.membership.count == 1)
        #expect(try sent(actions).flatMap(\.held).count == 2)
    }
}
