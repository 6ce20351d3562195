import IPAddresses
import Multiformats
import Testing
import Timeline
import WeftTestKit

@testable import Mesh

@Suite struct ControlPlaneTests {
    private let wallClock: UInt64 = 1_800_000_000_000

    private func started(_ number: Int = 0, limits: ControlPlaneLimits = ControlPlaneLimits()) throws -> ControlPlane {
        var plane = try controlPlane(number, limits: limits, wallClockMillis: wallClock)
        _ = plane.handle(.started, now: .origin, wallClockMillis: wallClock)
        return plane
    }

    private func published(_ actions: [ControlPlane.Action]) throws -> [NodeRecord] {
        let nobody = try controlPlane(60).membership
        return try actions.compactMap { action in
            guard case .publish(let bytes) = action, case .record(let aged) = try Announcement.decode(bytes, holding: nobody) else {
                return nil
            }
            return aged.sealed.record
        }
    }

    private func notices(_ actions: [ControlPlane.Action]) -> [ControlPlane.Notice] {
        actions.compactMap { if case .notice(let notice) = $0 { notice } else { nil } }
    }

    private func gossip(_ sealed: SealedRecord) throws -> ControlPlane.Input {
        .gossip(from: try identity(50).peerID, Announcement.record(AgedRecord(sealed, age: .zero)).encoded)
    }

    @Test func startsWithARecordAndRenewsItAtAThirdOfTheLease() throws {
        var plane = try controlPlane(0, wallClockMillis: wallClock)
        #expect(plane.nextDeadline == nil)
        let first = try #require(published(plane.handle(.started, now: .origin, wallClockMillis: wallClock)).first)
        #expect(first.sequence == wallClock && first.name == name("host-0") && first.addresses.count == 2)
        let due = Instant.origin + .ordinaryLease / 3
        #expect(plane.nextDeadline == due)
        #expect(plane.handle(.deadlineReached, now: due - .seconds(1), wallClockMillis: wallClock).isEmpty)
        let actions = plane.handle(.deadlineReached, now: due, wallClockMillis: 5)
        let second = try #require(published(actions).first)
        #expect(second.sequence == wallClock + 1 && second.isRenewal(of: first))
        #expect(!actions.contains(.networkChanged))
        #expect(plane.nextDeadline == due + .ordinaryLease / 3)
    }

    @Test func publishesWhereItIsOnceForEachChange() throws {
        var plane = try started()
        let change = ControlPlane.Input.localFactsChanged(
            endpoints: [endpoint("127.0.0.1:1"), endpoint("192.0.2.9:1")], peeringAddresses: [Multiaddr(tcp: endpoint("192.0.2.9:1"))])
        let record = try #require(published(plane.handle(change, now: .origin, wallClockMillis: wallClock)).first)
        #expect(record.endpoints == [endpoint("192.0.2.9:1")] && record.peeringAddresses.count == 1)
        #expect(plane.handle(change, now: .origin, wallClockMillis: wallClock).isEmpty)
    }

    @Test func leavesOutAddressesThatDoNotFit() throws {
        var plane = try started()
        let long = (0..<8).map { Multiaddr(components: [.dns("\($0)" + String(repeating: "d", count: 200)), .tcp(1)]) }
        let change = ControlPlane.Input.localFactsChanged(endpoints: [endpoint("192.0.2.9:1")], peeringAddresses: long)
        let record = try #require(published(plane.handle(change, now: .origin, wallClockMillis: wallClock)).first)
        #expect(!record.peeringAddresses.isEmpty && record.peeringAddresses.count < 8 && record.endpoints.count == 1)
    }

    @Test func aLostAddressIsReplaced() throws {
        var plane = try started()
        let lost = try #require(plane.membership.own?.record.addresses.first?.address)
        let rival = try record(1) { $0.addresses = [AddressClaim(address: lost, claimedAtMillis: 0)] }
        let actions = plane.handle(try gossip(rival), now: .origin, wallClockMillis: wallClock + 7)
        let record = try #require(published(actions).first)
        #expect(actions.first == .gossipVerdict(.accept))
        #expect(record.addresses[0].address != lost && record.addresses[0].claimedAtMillis == wallClock + 7)
        #expect(notices(actions) == [.addressLost(lost, to: rival.record.peer, replacement: record.addresses[0].address)])
        #expect(plane.membership.claims.owner(of: lost) == rival.record.peer)
        #expect(plane.membership.claims.addresses(of: record.peer).count == 2)
    }

    @Test func aLostNameIsToldAndComesBack() throws {
        var plane = try started()
        let rival = try record(1) { record in
            record.name = name("host-0")
            record.nameClaimedAtMillis = 0
        }
        let lost = plane.handle(try gossip(rival), now: .origin, wallClockMillis: wallClock)
        #expect(notices(lost) == [.nameLost(name("host-0"), to: rival.record.peer, shownAs: name("host-0-2"))])
        let left = plane.handle(try gossip(record(1, sequence: 2) { $0.hasLeft = true }), now: .origin, wallClockMillis: wallClock)
        #expect(notices(left) == [.nameRegained(name("host-0"))])
        #expect(left.contains(.membershipChanged(.left(rival.record.peer))))
    }

    @Test func gossipIsJudged() throws {
        var plane = try started()
        let news = try gossip(record(1))
        #expect(plane.handle(news, now: .origin, wallClockMillis: wallClock).first == .gossipVerdict(.accept))
        #expect(plane.handle(news, now: .origin, wallClockMillis: wallClock) == [.gossipVerdict(.ignore)])
        let noise = ControlPlane.Input.gossip(from: try identity(50).peerID, [1, 2, 3])
        #expect(plane.handle(noise, now: .origin, wallClockMillis: wallClock).first == .gossipVerdict(.reject))
        let renewal = plane.handle(try gossip(record(1, sequence: 2)), now: .origin, wallClockMillis: wallClock)
        #expect(renewal == [.gossipVerdict(.accept), .persist])
        let outside = try record(2) { $0.addresses = [AddressClaim(address: address("9.9.9.9"), claimedAtMillis: 0)] }
        #expect(plane.handle(try gossip(outside), now: .origin, wallClockMillis: wallClock).first == .gossipVerdict(.ignore))
    }

    @Test func aYoungConnectionIsOfferedGossipedNews() throws {
        var plane = try started()
        let partner = try identity(9).peerID
        _ = plane.handle(.peerConnected(partner), now: .origin, wallClockMillis: wallClock)
        func isSent(_ number: Int, at seconds: Int) throws -> Bool {
            let now = Instant.origin + .seconds(seconds)
            _ = plane.handle(try gossip(record(number)), now: now, wallClockMillis: wallClock)
            let later = plane.handle(.deadlineReached, now: now + .milliseconds(50), wallClockMillis: wallClock)
            return later.contains { if case .sendSync(partner, _) = $0 { true } else { false } }
        }
        #expect(try isSent(1, at: 14))
        #expect(try !isSent(2, at: 15))
        #expect(plane.nextDeadline.map { $0 > .origin + .seconds(20) } ?? false)
    }

    /// A few news go on by gossip at once; a rush of them goes to all partners in one message of sync.
    @Test func aRushOfNewsIsOfferedInsteadOfGossiped() throws {
        var plane = try started()
        let (partner, limits) = (try identity(50).peerID, ControlPlaneLimits())
        let other = try identity(51).peerID
        for peer in [partner, other] { _ = plane.handle(.peerConnected(peer), now: .origin, wallClockMillis: wallClock) }
        let start = Instant.origin + .seconds(40)
        _ = plane.handle(.deadlineReached, now: start, wallClockMillis: wallClock)
        func isPassedOn(_ number: Int, at now: Instant) throws -> Bool {
            plane.handle(try gossip(record(number)), now: now, wallClockMillis: wallClock).contains(.gossipVerdict(.accept))
        }
        let numbers = 1...limits.maximumGossipedNews + 3
        #expect(try numbers.map { try isPassedOn($0, at: start) } == numbers.map { $0 <= limits.maximumGossipedNews })
        let offers = plane.handle(.deadlineReached, now: start + limits.offerDelay, wallClockMillis: wallClock).compactMap { action in
            if case .sendSync(other, let bytes) = action { SyncMessage(decoding: bytes)?.offered } else { nil }
        }
        #expect(offers.count == 1)
        #expect(try Set(offers.joined()) == Set(numbers.suffix(3).map { try record($0).version }))
        #expect(try isPassedOn(20, at: start + limits.minimumOfferInterval))
    }

    @Test func afterALossOfStateTheRecordIsReissuedAbove() throws {
        var plane = try started()
        let lost = try record(0, sequence: wallClock + 1000)
        let actions = plane.handle(try gossip(lost), now: .origin, wallClockMillis: wallClock)
        #expect(try published(actions).map(\.sequence) == [wallClock + 1001])
        #expect(notices(actions) == [.ownRecordSuperseded(sequence: wallClock + 1000)])
    }

    /// Whoever lost his state has not issued anything since he started.
    @Test(arguments: [(age: 61, isClones: false), (age: 59, isClones: true)]) func aRecordThatIsYoungerThanTheRunIsAClones(
        age: Int, isClones: Bool
    ) throws {
        var plane = try started()
        let other = AgedRecord(try record(0, sequence: wallClock + 1000), age: .seconds(age))
        let actions = plane.handle(
            .gossip(from: try identity(9).peerID, Announcement.record(other).encoded), now: .origin + .seconds(60),
            wallClockMillis: wallClock)
        #expect(
            notices(actions) == [isClones ? .cloneDetected(try identity(0).peerID) : .ownRecordSuperseded(sequence: wallClock + 1000)])
        #expect(try published(actions).map(\.sequence) == [wallClock + 1001])
    }

    /// Of a partner whose identity was copied, each of the two has to hear what the other says.
    @Test func aPartnerIsShownItsOwnNewRecord() throws {
        var plane = try started()
        let partner = try identity(1).peerID
        _ = plane.handle(try gossip(record(1)), now: .origin, wallClockMillis: wallClock)
        _ = plane.handle(.peerConnected(partner), now: .origin, wallClockMillis: wallClock)
        func isShown(_ sequence: UInt64) throws -> Bool {
            plane.handle(try gossip(record(1, sequence: sequence)), now: .origin, wallClockMillis: wallClock).contains { action in
                guard case .sendSync(partner, let bytes) = action else { return false }
                return SyncMessage(decoding: bytes)?.offered.map(\.sequence) == [sequence]
            }
        }
        #expect(try isShown(2) && !isShown(2) && !isShown(1) && isShown(3))
    }

    @Test func clonesDoNotDriveEachOtherUpFast() throws {
        var plane = try started()
        var issued = 0
        for second in 0..<600 {
            let now = Instant.origin + .seconds(second)
            let sequence = (plane.membership.own?.record.sequence ?? 0) + 1
            let actions = plane.handle(try gossip(record(0, sequence: sequence)), now: now, wallClockMillis: wallClock)
            issued += try published(actions).count
            if second == 1 { #expect(notices(actions) == [.cloneDetected(try identity(0).peerID)]) }
        }
        #expect((9...11).contains(issued))
    }

    @Test func leavingIsTheLastWord() throws {
        var plane = try started()
        let partner = try identity(9).peerID
        _ = plane.handle(.peerConnected(partner), now: .origin, wallClockMillis: wallClock)
        let actions = plane.handle(.leave, now: .origin, wallClockMillis: wallClock)
        let last = try #require(published(actions).first)
        #expect(last.hasLeft && last.addresses.isEmpty)
        #expect(actions.contains { if case .sendSync(partner, _) = $0 { true } else { false } })
        #expect(plane.nextDeadline == nil)
        #expect(try published(plane.handle(gossip(record(0, sequence: wallClock + 99)), now: .origin, wallClockMillis: wallClock)).isEmpty)
    }

    @Test func aRestartGoesOnWhereItStopped() throws {
        var plane = try started()
        _ = plane.handle(try gossip(record(1)), now: .origin, wallClockMillis: wallClock)
        let saved = plane.snapshot(now: .origin + .seconds(100)).encoded
        let snapshot = MeshSnapshot(decoding: saved, elapsed: .seconds(50))
        var again = try controlPlane(0, restored: snapshot, wallClockMillis: 1)
        let actions = again.handle(.started, now: .origin, wallClockMillis: 1)
        #expect(try published(actions).first?.sequence == wallClock + 1)
        #expect(again.membership.own?.record.addresses == plane.membership.own?.record.addresses)
        #expect(again.membership.nextExpiry == .origin + .seconds(3450))
        #expect(MeshSnapshot(decoding: [1, 2, 3], elapsed: .zero).records.isEmpty)
        #expect(MeshSnapshot(decoding: saved, elapsed: .seconds(Int64.max)).records.count == 2)
    }

    /// A machine without a battery believes in 1970 until it is told better: that must not end every lease.
    @Test func aClockThatWasSetDoesNotEndLeases() throws {
        var plane = try started()
        _ = plane.handle(try gossip(record(1)), now: .origin, wallClockMillis: wallClock)
        let saved = plane.snapshot(now: .origin + .seconds(100)).encoded
        let restored = MeshSnapshot(decoding: saved, elapsed: .seconds(57 * 365 * 86_400))
        let again = try controlPlane(0, restored: restored, wallClockMillis: 1)
        #expect(again.membership[try identity(1).peerID] != nil)
        #expect(again.membership.nextExpiry == .origin + .seconds(1200))  // a third of the lease
        let worn = MeshSnapshot(decoding: plane.snapshot(now: .origin + .seconds(3500)).encoded, elapsed: .seconds(50))
        #expect(worn.records.contains { $0.age == .seconds(3500) })
    }

    @Test func snapshotsAreInOrder() throws {
        var plane = try started()
        for number in 1...20 { _ = plane.handle(try gossip(record(number)), now: .origin, wallClockMillis: wallClock) }
        let peers = plane.snapshot(now: .origin).records.map(\.sealed.record.peer)
        #expect(peers.count == 21 && peers.first == plane.identity.peerID && Array(peers.dropFirst()) == peers.dropFirst().sorted())
    }

    /// What a disk leaves of the file: our own claims, which nobody else can tell us, are the last to go.
    @Test func aSnapshotThatWasCutKeepsWhatIsWhole() throws {
        var plane = try started()
        for number in 1...3 { _ = plane.handle(try gossip(record(number)), now: .origin, wallClockMillis: wallClock) }
        let (whole, saved) = (plane.snapshot(now: .origin).records, plane.snapshot(now: .origin).encoded)
        var counts: [Int] = []
        for length in 0...saved.count {
            let records = MeshSnapshot(decoding: Array(saved[..<length]), elapsed: .zero).records
            #expect(records == Array(whole.prefix(records.count)), "length \(length)")
            counts.append(records.count)
        }
        #expect(counts == counts.sorted() && Set(counts) == Set(0...4))
    }

    @Test func presetsComeFirst() throws {
        let settings = ControlPlaneSettings(
            name: name("host-a"), wireguardKey: wireguardKey(0), wireguardPort: 1, overlay: try overlay("10.42.0.0/16"),
            presetAddresses: [address("10.42.0.7"), address("10.43.0.7")])
        var plane = ControlPlane(identity: try identity(0), settings: settings, now: .origin, wallClockMillis: wallClock)
        let actions = plane.handle(.started, now: .origin, wallClockMillis: wallClock)
        #expect(try published(actions).first?.addresses.map(\.address) == [address("10.42.0.7")])
        #expect(notices(actions) == [.presetAddressRefused(address("10.43.0.7"))])
    }
}
