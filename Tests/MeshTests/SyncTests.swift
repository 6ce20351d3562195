import Multiformats
import SwiftProtobuf
import Testing
import Timeline
import WeftTestKit

@testable import Mesh

@Suite struct SyncTests {
    // MARK: Convergence

    /// Versions and clones of records, each at one of the nodes, at both, or at none.
    @Test func twoNodesAgreeWhateverTheDifference() throws {
        let seed = testSeed("twoNodesAgreeWhateverTheDifference")
        var generator = SeededGenerator(seed: seed)
        let variants = try (2..<150).map { number in
            try [record(number), record(number, sequence: 2), record(number, sequence: 2) { $0.software = "clone" }]
        }
        for _ in 0..<20 {
            var pair = try SyncPair()
            let size = Int.random(in: 0...variants.count, using: &generator)
            let sameness = Int.random(in: 0...100, using: &generator)
            for versions in variants.prefix(size) {
                let common = versions.randomElement(using: &generator)
                for node in 0...1 {
                    let isCommon = Int.random(in: 0..<100, using: &generator) < sameness
                    guard let held = isCommon ? common : versions.randomElement(using: &generator) else { continue }
                    if isCommon || Bool.random(using: &generator) { pair.hold(held, at: node) }
                }
            }
            pair.connect()
            #expect(pair.agrees)
            #expect(pair.planes[0].membership.tree.digest(of: .all) == pair.planes[1].membership.tree.digest(of: .all))
        }
    }

    @Test func aChainOfThreeAgrees() throws {
        var mesh = InMemoryMesh(seed: testSeed("aChainOfThreeAgrees"))
        mesh.gossipLossPercent = 100
        for number in 0..<3 { try mesh.add(controlPlane(number), identity: number) }
        for number in 3..<63 { _ = mesh.nodes[number % 2 * 2].membership.merge(try record(number), age: .zero, now: .origin) }
        mesh.connect(0, 1)
        mesh.connect(1, 2)
        mesh.settle()
        for node in mesh.nodes { #expect(node.membership.count == 63) }
    }

    /// Of two lists that cross one is answered. But what is opened after an answer does not cross, and something may have been lost since.
    @Test(arguments: 0...1)
    func whatIsOpenedRightAfterAnAnswerIsAnswered(node: Int) throws {
        var pair = try SyncPair()
        pair.introduce()
        for holder in 0...1 { pair.hold(try record(4 + holder), at: holder) }
        pair.connect()
        pair.pass(.seconds(1))
        pair.hold(try record(7), at: 1 - node)
        pair.changePaths(at: node)
        #expect(pair.agrees)
    }

    @Test func clonesConverge() throws {
        var pair = try SyncPair()
        pair.introduce()
        pair.hold(try record(5) { $0.software = "a" }, at: 0)
        pair.hold(try record(5) { $0.software = "b" }, at: 1)
        pair.connect()
        #expect(pair.agrees && pair.recordCount <= 2)
        #expect(pair.notices.contains(.cloneDetected(try identity(5).peerID)))
    }

    /// One of two nodes has dropped records that the other still holds.
    @Test func leasesThatEndOneAfterTheOtherMoveNoRecords() throws {
        var pair = try SyncPair()
        pair.introduce()
        for number in 5..<65 {
            pair.hold(try record(number), at: 0, age: .seconds(600))
            pair.hold(try record(number), at: 1)
        }
        pair.now = .origin + .seconds(3000)
        pair.connect()
        #expect(pair.planes.map(\.membership.count) == [2, 62] && pair.recordCount == 0 && pair.comparedBytes < 4000)
        let atFirst = pair.comparedBytes
        pair.pass(.seconds(599))
        #expect(pair.recordCount == 0 && pair.comparedBytes <= 2 * atFirst)
        pair.pass(.seconds(3600))
        #expect(pair.agrees && pair.planes[0].membership.count == 2 && pair.recordCount == 0)
    }

    /// Node 0 has come by a record that node 1 takes for nonsense, and keeps it.
    @Test func whatIsRefusedIsTriedOnceAComparison() throws {
        var pair = try SyncPair()
        pair.introduce()
        let stray = try record(5) { record in
            record.addresses = [AddressClaim(address: address("9.9.9.9"), claimedAtMillis: 0)]
            record.lease = .seconds(86_400)
        }
        pair.planes[0].membership.store(Membership.Member(sealed: stray, issuedAt: .origin))
        pair.connect()
        #expect(pair.recordCount == 1)
        pair.pass(.seconds(3600))
        #expect((2...12).contains(pair.recordCount))
    }

    @Test func tombstonesAreHeldLikeOtherRecords() throws {
        var pair = try SyncPair()
        pair.introduce()
        pair.hold(try record(5), at: 0)
        pair.hold(try record(5, sequence: 2) { $0.hasLeft = true }, at: 1)
        pair.connect()
        #expect(pair.agrees && pair.recordCount == 1 && pair.planes[0].membership.live.count == 2)
    }

    @Test func aNodeThatLostItsStateOutdoesItsOldRecord() throws {
        var pair = try SyncPair()
        let lost = try record(0, sequence: 77)
        pair.hold(lost, at: 1)
        pair.connect()
        pair.pass(.seconds(1))
        #expect(pair.planes[1].membership[pair.peers[0]]?.record.sequence == 78 && pair.agrees)
    }

    // MARK: When

    @Test func partnersAreComparedWithNowAndThen() throws {
        var pair = try SyncPair()
        pair.introduce()
        pair.connect()
        let opened = pair.messageCount
        pair.pass(.seconds(29))
        #expect(pair.messageCount == opened)
        pair.pass(.seconds(2))
        #expect(pair.messageCount > opened)
        let followedUp = pair.messageCount
        pair.hold(try record(5), at: 0)
        pair.pass(.seconds(20 * 60))
        #expect(pair.agrees && pair.messageCount > followedUp)
    }

    @Test func withoutPartnersNothingIsDue() throws {
        var (plane, partner) = try connected()
        #expect(plane.sync.nextDeadline != nil)
        _ = handle(.peerDisconnected(partner), &plane)
        #expect(plane.sync.nextDeadline == nil)
    }

    @Test func whatWasAskedForInVainIsLookedForElsewhere() throws {
        var (plane, partner) = try connected()
        let other = try identity(98).peerID
        _ = handle(.peerConnected(other), &plane)
        let wanted = try sent(handle(.syncMessage(from: partner, offer([record(1)])), &plane)).flatMap(\.wanted)
        #expect(wanted == [SyncKey(try identity(1).peerID)])
        #expect(handle(.syncMessage(from: other, offer([try record(1)])), &plane).isEmpty)
        _ = handle(.deadlineReached, &plane, at: 4)
        #expect(try sent(handle(.deadlineReached, &plane, at: 5)).count == 1)
        #expect(try !sent(handle(.syncMessage(from: other, offer([record(1)])), &plane, at: 5)).flatMap(\.wanted).isEmpty)
    }

    @Test func whatCameFromElsewhereIsNotMissed() throws {
        var (plane, partner) = try connected()
        _ = handle(.syncMessage(from: partner, offer([try record(1)])), &plane)
        _ = handle(.gossip(from: partner, Announcement.record(AgedRecord(try record(1, sequence: 2), age: .zero)).encoded), &plane)
        _ = handle(.deadlineReached, &plane, at: 1)
        #expect(handle(.deadlineReached, &plane, at: 5).isEmpty && plane.sync.requests.due == nil)
    }

    @Test func whoMeetsManyAsksOneOfThemForAll() throws {
        var (plane, _) = try connected()
        let others = try (95..<98).map { try identity($0).peerID }
        for other in others { #expect(handle(.peerConnected(other), &plane).sync.isEmpty) }
        let later = try sent(plane.handle(.deadlineReached, now: .origin + .milliseconds(200), wallClockMillis: 1000))
        #expect(later.count == 3 && later.filter(\.sendsMissing).count == 1)
    }

    // MARK: News

    @Test func newsAreOfferedOnceToWhoMayLackThem() throws {
        var (plane, partner) = try connected()
        let (second, third) = (try identity(98).peerID, try identity(97).peerID)
        for peer in [second, third] { _ = handle(.peerConnected(peer), &plane) }
        _ = handle(.deadlineReached, &plane, at: 1)
        #expect(handle(.syncMessage(from: partner, records([try record(1)])), &plane, at: 2).sync.isEmpty)
        #expect(handle(.syncMessage(from: second, offer([try record(1)])), &plane, at: 2).sync.isEmpty)
        let actions = handle(.deadlineReached, &plane, at: 3)
        #expect(actions.count == 1 && actions.contains { if case .sendSync(third, _) = $0 { true } else { false } })
        #expect(try sent(actions).flatMap(\.offered) == [try record(1).version])
        #expect(handle(.syncMessage(from: partner, records([try record(1)])), &plane, at: 4).isEmpty)
        #expect(handle(.deadlineReached, &plane, at: 5).isEmpty)
    }

    /// Among hundreds that start together there are news all the time.
    @Test(arguments: [(1, 300), (50, 300), (100, 600), (400, 2000), (20_000, 2000)])
    func newsAreToldMoreSeldomAmongMany(members: Int, milliseconds: Int) throws {
        let limits = ControlPlaneLimits()
        let rest = limits.offerInterval(members: members)
        #expect(rest == .milliseconds(milliseconds))
        var news = PendingNews()
        news.add(try identity(1).peerID, isGossiped: false, now: .origin, limits: limits)
        #expect(news.due == .origin + limits.offerDelay, "the first at once")
        _ = news.take(now: .origin, rest: rest)
        news.add(try identity(2).peerID, isGossiped: false, now: .origin, limits: limits)
        #expect(news.due == .origin + rest)
    }

    // MARK: Limits

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

    private func sent(_ actions: [ControlPlane.Action]) throws -> [SyncMessage] {
        try actions.sync.map { try #require(SyncMessage(decoding: $0)) }
    }

    private func refusals(_ actions: [ControlPlane.Action]) -> [ControlPlane.SyncRefusal] {
        actions.compactMap { if case .notice(.syncRefused(_, let refusal)) = $0 { refusal } else { nil } }
    }

    private func encoded(_ message: SyncMessage) -> [UInt8] { message.encoded(maximumLength: 65_536).first ?? [] }
    private func offer(_ records: [SealedRecord]) -> [UInt8] { encoded(SyncMessage(offered: records.map(\.version))) }
    private func records(_ records: [SealedRecord]) -> [UInt8] {
        encoded(SyncMessage(records: records.map { AgedRecord($0, age: .seconds(5)).message }))
    }

    /// The answer may have been on its way by the connection that is gone.
    @Test func whatWasAskedOfAPeerAtOtherPathsIsAskedOfOthers() throws {
        var (plane, partner) = try connected()
        let other = try identity(98).peerID
        _ = handle(.peerConnected(other), &plane)
        func wanted(from peer: PeerID) throws -> [SyncKey] {
            try sent(handle(.syncMessage(from: peer, offer([record(1)])), &plane)).flatMap(\.wanted)
        }
        #expect(try wanted(from: partner).count == 1)
        #expect(try wanted(from: other).isEmpty)
        _ = handle(.peerPathsChanged(partner), &plane)
        #expect(try wanted(from: other).count == 1)
    }

    /// Behind them may be another machine with its identity, which knows something else.
    @Test func aPeerAtOtherPathsIsComparedWithAnew() throws {
        var (plane, partner) = try connected()
        let messages = try sent(handle(.peerPathsChanged(partner), &plane, at: 1))
        #expect(messages.flatMap(\.ranges).map(\.range) == [.all])
        #expect(handle(.peerPathsChanged(try identity(98).peerID), &plane, at: 2).isEmpty, "not connected")
    }

    @Test func messagesAreCutToLength() throws {
        let versions = (0..<500).map { HeldVersion(key: SyncKey(bits: UInt64($0)), sequence: .max, check: .max) }
        let range = try #require(SyncRange(prefix: 1, depth: 1))
        var message = SyncMessage(digest: 7, sendsMissing: true, offered: versions, wanted: versions.map(\.key))
        message.ranges = (0..<20).map { _ in (range, .digests(Array(repeating: .max, count: 16))) } + [(range, .held([]))]
        message.records = try (0..<20).map { AgedRecord(try record($0), age: RecordLimits.leaseRange.upperBound).message }
        let pieces = message.encoded(maximumLength: 2000)
        #expect(pieces.allSatisfy { $0.count <= 2000 })
        let decoded = try pieces.map { try #require(SyncMessage(decoding: $0)) }
        #expect(decoded.compactMap(\.digest) == [7] && decoded.allSatisfy(\.sendsMissing))
        #expect(decoded.flatMap(\.offered) == versions && decoded.flatMap(\.wanted) == versions.map(\.key))
        #expect(decoded.flatMap(\.ranges).count == 21 && decoded.flatMap(\.ranges).last?.summary == .held([]))
        #expect(decoded.flatMap(\.records).count == 20)
        #expect(SyncMessage().encoded(maximumLength: 2000).isEmpty)
    }

    @Test func whatIsMalformedIsRefusedAndWhatIsUnknownIsNot() throws {
        func decoded(_ change: (inout WireSyncMessage) -> Void) throws -> SyncMessage? {
            var message = WireSyncMessage()
            change(&message)
            return SyncMessage(decoding: try message.serializedBytes())
        }
        #expect(try decoded { $0.digest = .init([1, 2, 3]) } == nil)
        #expect(try decoded { $0.offered.keys = [1] } == nil)
        #expect(try decoded { $0.ranges = [.init()] } == nil)
        func range(depth: UInt32, prefix: UInt64, keys: [UInt64]) -> WireRangeMessage {
            var range = WireRangeMessage()
            (range.depth, range.prefix) = (depth, prefix)
            range.held.keys = keys
            range.held.sequences = keys
            range.held.checks = keys.map { _ in 1 }
            return range
        }
        #expect(try decoded { $0.ranges = [range(depth: 17, prefix: 0, keys: [])] } == nil)
        #expect(try decoded { $0.ranges = [range(depth: 1, prefix: 16, keys: [])] } == nil)
        #expect(try decoded { $0.ranges = [range(depth: 1, prefix: 1, keys: [2])] } == nil)
        #expect(try decoded { $0.ranges = [range(depth: 16, prefix: 2, keys: [2])] }?.ranges.count == 1)
        #expect(SyncMessage(decoding: [0x7a, 0x01, 0xff]) != nil)
    }

    @Test func faultsAreCountedAndThenIgnored() throws {
        var (plane, partner) = try connected()
        for count in 1...16 {
            let refused = refusals(handle(.syncMessage(from: partner, [0xff]), &plane))
            #expect(refused == (count < 16 ? [.malformed] : [.malformed, .tooManyGlitches]))
        }
        let good = records([try record(1)])
        #expect(handle(.syncMessage(from: partner, good), &plane).isEmpty)
        _ = handle(.peerDisconnected(partner), &plane)
        _ = handle(.peerConnected(partner), &plane)
        #expect(!handle(.syncMessage(from: partner, good), &plane).isEmpty)
    }

    @Test func manyBadRecordsInOneMessageEndEarly() throws {
        var (plane, partner) = try connected()
        let message = SyncMessage(records: .init(repeating: WireAgedRecordMessage(), count: 1000))
        #expect(handle(.syncMessage(from: partner, encoded(message)), &plane).count == 17)
    }

    @Test func partnersAndLengthsAreLimited() throws {
        var limits = ControlPlaneLimits()
        limits.maximumSyncPartners = 1
        limits.maximumSyncRanges = 2
        var (plane, partner) = try connected(limits)
        let stranger = try identity(98).peerID
        #expect(refusals(handle(.peerConnected(stranger), &plane)) == [.tooManyPartners])
        #expect(refusals(handle(.syncMessage(from: stranger, []), &plane)) == [.notConnected])
        let long = [UInt8](repeating: 0, count: ControlPlane.maximumSyncMessageLength + 1)
        #expect(refusals(handle(.syncMessage(from: partner, long), &plane)) == [.tooLong(byteCount: long.count)])
        let ranges = SyncMessage(ranges: Array(repeating: (.all, .held([])), count: 3))
        #expect(refusals(handle(.syncMessage(from: partner, encoded(ranges)), &plane)) == [.tooManyRanges])
    }

    @Test func whatAPeerCanMakeUsDoIsLimited() throws {
        var limits = ControlPlaneLimits()
        limits.maximumSyncWork = 100
        var (plane, partner) = try connected(limits, records: 20)
        let question = encoded(SyncMessage(ranges: [(.all, .held([]))], sendsMissing: true))
        #expect(try sent(handle(.syncMessage(from: partner, question), &plane)).flatMap(\.records).count == 21)
        #expect(try sent(handle(.syncMessage(from: partner, question), &plane)).flatMap(\.records).count == 21)
        #expect(refusals(handle(.syncMessage(from: partner, question), &plane, at: 59)) == [.tooMuchWork])
        #expect(try sent(handle(.syncMessage(from: partner, question), &plane, at: 60)).flatMap(\.records).count == 21)
    }

    @Test func whatIsRememberedOfPeersIsLimited() throws {
        var limits = ControlPlaneLimits()
        limits.maximumSyncRequests = 2
        limits.maximumKnownVersions = 3
        var (plane, partner) = try connected(limits)
        let offers = try offer((1...5).map { try record($0) })
        #expect(try sent(handle(.syncMessage(from: partner, offers), &plane)).flatMap(\.wanted).count == 2)
        #expect(plane.sync.requests.count(to: partner) == 2 && plane.sync.sessions[partner]?.known.count == 3)
    }

    @Test func whoIsFullAsksForNobodyNew() throws {
        var limits = ControlPlaneLimits()
        limits.membership.maximumMembers = 2
        var (plane, partner) = try connected(limits, records: 1)
        let offers = offer([try record(1, sequence: 2), try record(2)])
        let wanted = try sent(handle(.syncMessage(from: partner, offers), &plane)).flatMap(\.wanted)
        #expect(wanted == [SyncKey(try identity(1).peerID)])
    }

    @Test func whatEndedIsForgottenInTheTreeAsWell() throws {
        var limits = MembershipLimits()
        limits.maximumForgotten = 3
        var membership = try membership(limits: limits)
        for number in 1...8 { _ = membership.merge(try record(number), age: .seconds(number), now: .origin) }
        _ = membership.expire(now: .origin + .seconds(3600))
        #expect(membership.tree.count == 3 && membership.tree.digest(of: .all) == 0)
        #expect(membership.versions(in: .all).count == 3 && !membership.versions(in: .all).contains { $0.version.isHeld })
    }

    /// A copied machine's record had a later number than ours, and has ended. Whoever is connected to us says so, since ours counts for
    /// nothing there.
    @Test(arguments: [0, 1], [0, 300])
    func whoseLaterRecordHasEndedIsTold(owner: Int, commonCount: Int) throws {
        var generator = SeededGenerator(seed: 5)
        var pair = try SyncPair(common: try unsignedRecords(commonCount, &generator))
        pair.introduce()
        pair.connect()
        pair.pass(ControlPlaneLimits().followUpDelay * 2)
        pair.hold(try record(owner, sequence: 1_000_000) { $0.lease = .seconds(60) }, at: 1 - owner)
        pair.pass(.seconds(61))
        #expect(try #require(pair.planes[owner].membership.own).record.sequence > 1_000_000)
    }
}
