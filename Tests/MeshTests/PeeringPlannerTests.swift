import IPAddresses
import Multiformats
import Testing
import Timeline
import WeftTestKit

@testable import Mesh

private typealias Planner = PeeringPlanner<SeededGenerator>

/// The planner, a clock, and what it has asked for.
private struct Bench {
    var planner: Planner
    var now = Instant.origin

    init(seed: UInt64 = 7, _ adjust: (inout PeeringConfiguration) -> Void = { _ in }) {
        var configuration = PeeringConfiguration()
        adjust(&configuration)
        planner = Planner(configuration: configuration, generator: SeededGenerator(seed: seed))
    }

    @discardableResult
    mutating func handle(_ input: Planner.Input) -> [Planner.Action] { planner.handle(input, now: now) }

    @discardableResult
    mutating func learn(_ members: Range<Int>) -> [Planner.Action] {
        members.flatMap { handle(.member(peer($0), [address($0)])) }
    }

    /// Moves to the next deadline.
    mutating func wait() -> [Planner.Action] {
        guard let deadline = planner.nextDeadline else { return [] }
        now = max(now, deadline)
        return handle(.deadlineReached)
    }

    /// As a host tells it: the connection first, then the end of the dial.
    @discardableResult
    mutating func succeed(_ target: Planner.Target, as peer: PeerID) -> [Planner.Action] {
        handle(.connected(peer)) + handle(.dialed(target, connectedTo: peer))
    }

    mutating func connect(_ members: Range<Int>) {
        for member in members { handle(.connected(peer(member))) }
    }
}

private let peers: [PeerID] = (0..<64).compactMap { try? Identity(seed: [UInt8](repeating: UInt8($0), count: 32)).peerID }

private func peer(_ number: Int) -> PeerID { peers[number] }

private func address(_ number: Int, port: UInt16 = 10042) -> Multiaddr {
    Multiaddr(tcp: SocketAddress(IPAddress(family: .ipv4, value: 0x0a00_0001 + UInt128(number)), port: port))
}

extension [Planner.Action] {
    fileprivate var dialed: [Planner.Target] {
        compactMap { if case .dial(let target, _) = $0 { target } else { nil } }
    }

    fileprivate var disconnected: [PeerID] {
        compactMap { if case .disconnect(let peer) = $0 { peer } else { nil } }
    }

    fileprivate var unreachable: [PeerID] {
        compactMap { if case .unreachable(let peer) = $0 { peer } else { nil } }
    }
}

@Suite struct PeeringPlannerTests {
    // MARK: How many

    @Test func dialsUpToTheTargetAndNoFurther() {
        var bench = Bench()
        let dialed = bench.learn(0..<20).dialed
        #expect(dialed.count == 4)
        #expect(Set(dialed).count == 4)
        #expect(bench.planner.nextDeadline == nil, "nothing to do before a dial has ended")
        for target in dialed {
            guard case .peer(let peer) = target else { continue }
            #expect(bench.succeed(target, as: peer).dialed.isEmpty)
        }
        #expect(bench.planner.nextDeadline != nil, "heals later")
    }

    @Test func connectionsThatOthersOpenedCount() {
        var bench = Bench()
        bench.connect(0..<3)
        #expect(bench.learn(0..<20).dialed.count == 1)
    }

    @Test func aLostConnectionIsReplaced() {
        var bench = Bench()
        bench.connect(0..<4)
        bench.learn(0..<5)
        #expect(bench.handle(.disconnected(peer(2))).dialed == [.peer(peer(4))])
    }

    @Test func aMemberWithoutAddressesIsNotDialled() {
        var bench = Bench()
        #expect(bench.handle(.member(peer(0), [])).isEmpty)
        #expect(bench.planner.nextDeadline == nil)
        #expect(bench.handle(.member(peer(0), [address(0)])) == [.dial(.peer(peer(0)), [address(0)])])
    }

    @Test func noMoreDialsThanTheLimitAtOnce() {
        var bench = Bench { ($0.targetConnections, $0.maximumInFlight) = (10, 3) }
        var underWay = bench.learn(0..<20).dialed
        #expect(underWay.count == 3)
        for _ in 0..<50 {
            let next = bench.handle(.dialFailed(underWay.removeFirst())).dialed + bench.wait().dialed
            underWay += next
            #expect(underWay.count <= 3)
            #expect(underWay.count == Set(underWay).count)
        }
    }

    @Test func healingKeepsToTheLimitToo() {
        var bench = Bench { ($0.targetConnections, $0.maximumInFlight) = (1, 3) }
        bench.connect(0..<1)
        bench.learn(0..<20)
        let dialed = (0..<50).flatMap { _ in bench.wait().dialed }
        #expect(dialed.count == 3, "dials that never end are not added to for ever")
    }

    @Test func aFullTableTakesNobodyMore() {
        var bench = Bench { ($0.maximumCandidates, $0.targetConnections, $0.maximumInFlight) = (5, 50, 50) }
        #expect(bench.learn(0..<20).dialed.count == 5)
        #expect(bench.handle(.join(address(60))).isEmpty)
        #expect(bench.handle(.member(peer(3), [address(3, port: 1)])).isEmpty, "known ones are kept up to date: it is in flight")
        bench.handle(.dialFailed(.peer(peer(3))))
        #expect(bench.wait() == [.dial(.peer(peer(3)), [address(3, port: 1)])])
        bench.handle(.forget(peer(0)))
        #expect(bench.learn(10..<12).dialed == [.peer(peer(10))])
    }

    // MARK: Hosts

    /// Else each of a flood of members that nobody can dial would cost the time of all before it.
    @Test func aCrowdIsNotLookedAtAfterEachEvent() {
        var bench = Bench { $0.crowd = 10 }
        let rest = bench.planner.configuration.restPerCandidate
        for number in 0..<10 { bench.handle(.member(peer(number), [])) }
        #expect(bench.handle(.member(peer(10), [address(10)])) == [.dial(.peer(peer(10)), [address(10)])], "a first look")
        #expect(bench.handle(.member(peer(11), [address(11)])).isEmpty, "it rests")
        #expect(bench.planner.nextDeadline == bench.now + rest * 11)
        #expect(bench.wait() == [.dial(.peer(peer(11)), [address(11)])])
        bench.handle(.dialFailed(.peer(peer(10))))
        bench.handle(.dialFailed(.peer(peer(11))))
        #expect(bench.wait().isEmpty, "both were tried just now")
        #expect(bench.wait().count == 1, "and are tried again")
    }

    @Test func aCrowdThatIsConnectedIsHealedToo() {
        var bench = Bench { $0.crowd = 10 }
        bench.learn(0..<30)
        bench.connect(0..<8)
        var dialled = 0
        for _ in 0..<20 { dialled += bench.wait().count { if case .dial = $0 { true } else { false } } }
        #expect(dialled > 0)
    }

    /// Else ten thousand nodes that have all the connections they want would look at ten thousand again and again while more come.
    @Test func aCrowdThatIsConnectedIsNotLookedAtWhileOneOfItIsKnownToWait() throws {
        var bench = Bench { $0.crowd = 10 }
        bench.connect(0..<8)
        bench.learn(0..<20)
        let looked = bench.planner.overview.restsUntil
        bench.now = bench.now + .seconds(1)
        bench.learn(20..<30)
        #expect(bench.planner.overview.restsUntil == looked)
        let witness = try #require(bench.planner.overview.witness)
        let number = try #require(peers.firstIndex { .peer($0) == witness })
        bench.connect(number..<number + 1)
        #expect(bench.planner.overview.restsUntil > bench.now, "it has looked for another")
        #expect(try #require(bench.planner.overview.witness) != witness)
    }

    /// Behind it may be half of the mesh.
    @Test func aHostIsTriedUntilItHasAnsweredWhoeverIsConnected() {
        var bench = Bench()
        bench.connect(0..<6)
        let host = Planner.Target.host(address(60))
        #expect(bench.handle(.join(address(60))).dialed == [host])
        for _ in 0..<20 {
            #expect(bench.handle(.dialFailed(host)).isEmpty)
            let failedAt = bench.now
            #expect(bench.wait().dialed == [host])
            #expect(failedAt.duration(to: bench.now) <= PeeringConfiguration().introductionSpacing * 1.25)
        }
        bench.succeed(host, as: peer(7))
        #expect(bench.planner.unmetHosts.isEmpty)
        for _ in 0..<20 { #expect(!bench.wait().dialed.contains(host), "they know each other now") }
    }

    @Test func aHostThatIsOurselvesIsAsGoodAsMet() {
        var bench = Bench()
        bench.connect(0..<6)
        let host = Planner.Target.host(address(60))
        bench.handle(.join(address(60)))
        bench.handle(.dialedOurselves(host))
        for _ in 0..<20 { #expect(!bench.wait().dialed.contains(host)) }
        for number in 0..<6 { bench.handle(.disconnected(peer(number))) }
        #expect(bench.wait().dialed == [host], "its name may lead to another node by then")
    }

    @Test func hostsKeepToTheLimitToo() {
        var bench = Bench { $0.maximumInFlight = 3 }
        bench.connect(0..<6)
        #expect((40..<50).flatMap { bench.handle(.join(address($0))) }.dialed.count == 3)
        #expect(bench.wait().dialed.isEmpty)
    }

    // MARK: When

    @Test func delaysDoubleUpToTheMaximumWithJitter() {
        var bench = Bench()
        bench.learn(0..<1)
        var expected = PeeringConfiguration().minimumRetryDelay
        for _ in 0..<200 {
            bench.handle(.dialFailed(.peer(peer(0))))
            guard let deadline = bench.planner.nextDeadline else { Issue.record("given up"); return }
            let delay = bench.now.duration(to: deadline)
            #expect(delay >= expected * 0.75 && delay <= expected * 1.25)
            #expect(bench.wait().dialed == [.peer(peer(0))])
            expected = min(expected * 2, .seconds(10))
        }
    }

    @Test func delaysAreNotAllTheSame() {
        let delays = (0..<20).map { seed in
            var bench = Bench(seed: UInt64(seed))
            bench.learn(0..<1)
            bench.handle(.dialFailed(.peer(peer(0))))
            return bench.planner.nextDeadline
        }
        #expect(Set(delays).count > 15)
    }

    @Test func successForgetsFailures() {
        var bench = Bench()
        bench.learn(0..<1)
        for _ in 0..<8 {
            bench.handle(.dialFailed(.peer(peer(0))))
            _ = bench.wait()
        }
        bench.succeed(.peer(peer(0)), as: peer(0))
        bench.handle(.disconnected(peer(0)))
        let delay = bench.planner.nextDeadline.map { bench.now.duration(to: $0) }
        #expect(delay.map { $0 <= PeeringConfiguration().minimumRetryDelay * 1.25 } == true)
    }

    @Test func newAddressesAreTriedAtOnce() {
        var bench = Bench()
        bench.learn(0..<1)
        bench.handle(.dialFailed(.peer(peer(0))))
        #expect(bench.handle(.member(peer(0), [address(0)])).isEmpty, "the same ones are no news")
        #expect(bench.handle(.member(peer(0), [address(1)])) == [.dial(.peer(peer(0)), [address(1)])])
    }

    @Test func aHostThatHangsUpIsNotDialledAtOnce() {
        var bench = Bench()
        bench.handle(.join(address(9)))
        bench.succeed(.host(address(9)), as: peer(9))
        #expect(bench.handle(.disconnected(peer(9))).isEmpty)
        let delay = bench.planner.nextDeadline.map { bench.now.duration(to: $0) }
        #expect(delay.map { $0 >= PeeringConfiguration().minimumRetryDelay * 0.75 } == true)
        #expect(bench.wait().dialed == [.host(address(9))])
    }

    @Test func aDialThatIsToldOfAfterItsConnectionHasEndedCountsForNothing() {
        var bench = Bench()
        bench.learn(0..<1)
        bench.handle(.connected(peer(0)))
        bench.handle(.disconnected(peer(0)))
        bench.handle(.dialed(.peer(peer(0)), connectedTo: peer(0)))
        #expect(bench.wait().dialed == [.peer(peer(0))])
    }

    @Test func aMeshThatIsWholeIsAtRest() {
        var bench = Bench()
        bench.learn(0..<3)
        bench.connect(0..<3)
        #expect(bench.planner.nextDeadline == nil, "three members, all connected: fewer than the target, and nobody else")
        bench.learn(3..<6)
        bench.connect(3..<6)
        #expect(bench.planner.nextDeadline == nil)
        bench.learn(6..<7)
        #expect(bench.planner.nextDeadline != nil)
        bench.handle(.forget(peer(6)))
        #expect(bench.planner.nextDeadline == nil)
    }

    @Test func theNextDeadlineNeverLiesBehind() {
        var bench = Bench()
        for number in 0..<40 {
            bench.learn(number..<number + 1)
            #expect(bench.planner.nextDeadline.map { $0 > bench.now } ?? true)
        }
        for _ in 0..<100 {
            _ = bench.wait()
            #expect(bench.planner.nextDeadline.map { $0 > bench.now } ?? true)
        }
    }

    // MARK: Whom

    @Test func hostsThatWereMetAreDialledOnlyWhileNobodyIsConnected() {
        var bench = Bench()
        #expect(bench.handle(.join(address(9))) == [.dial(.host(address(9)), [address(9)])])
        bench.succeed(.host(address(9)), as: peer(0))
        #expect(bench.planner.nextDeadline == nil)
        let dialed = bench.handle(.disconnected(peer(0))).dialed + bench.wait().dialed
        #expect(dialed == [.host(address(9))])
    }

    @Test func whoIsForgottenIsNotDialled() {
        var bench = Bench()
        bench.learn(0..<1)
        bench.handle(.forget(peer(0)))
        #expect(bench.handle(.dialFailed(.peer(peer(0)))).isEmpty)
        #expect(bench.planner.nextDeadline == nil)
    }

    /// A member that is forgotten and learnt again while it is being dialled is not dialled twice at once.
    @Test func oneDialForATargetAtATime() {
        var bench = Bench()
        #expect(bench.learn(0..<1).dialed.count == 1)
        bench.handle(.forget(peer(0)))
        #expect(bench.learn(0..<1).dialed.isEmpty)
    }

    // MARK: Healing

    /// All nodes of a mesh together try a lost member every few seconds, however many they are; for ever.
    @Test(arguments: [(6, 18), (40, 120)]) func theLostAreTriedAtARateOfTheWholeMesh(members: Int, seconds: Int) {
        var bench = Bench()
        bench.connect(0..<4)
        bench.learn(0..<members)
        bench.handle(.reported(peer(5), isUnreachable: true))
        for _ in 0..<30 {
            let before = bench.now
            #expect(bench.wait().dialed == [.peer(peer(5))])
            let waited = before.duration(to: bench.now)
            #expect(waited >= .seconds(seconds) * 0.75 && waited <= .seconds(seconds) * 1.25)
            bench.handle(.dialFailed(.peer(peer(5))))
        }
    }

    @Test func whoIsNotLostIsTriedSeldom() {
        var bench = Bench()
        bench.connect(0..<4)
        bench.learn(0..<6)
        let maximum = PeeringConfiguration().maximumHealInterval
        #expect(bench.planner.nextDeadline.map { bench.now.duration(to: $0) >= maximum * 0.75 } == true)
        bench.handle(.reported(peer(4), isUnreachable: true))
        #expect(bench.planner.nextDeadline.map { bench.now.duration(to: $0) <= .milliseconds(22_500) } == true)
        _ = bench.wait()
        bench.handle(.dialFailed(.peer(peer(4))))
        bench.handle(.reported(peer(4), isUnreachable: false))
        _ = bench.wait()
        #expect(bench.planner.nextDeadline.map { bench.now.duration(to: $0) >= maximum * 0.75 } == true)
    }

    /// Two dial each other, and one of the two connections is enough.
    @Test func aDialThatFailsSaysNothingOfWhoIsConnected() {
        var bench = Bench()
        let dialed = bench.learn(0..<6).dialed
        bench.connect(0..<4)
        for target in dialed { bench.handle(.dialFailed(target)) }
        #expect(bench.planner.nextDeadline.map { bench.now.duration(to: $0) >= PeeringConfiguration().maximumHealInterval * 0.75 } == true)
    }

    /// A peer that a token names may come when all others have found each other, and know nobody.
    @Test func whoIsIntroducedIsTriedUntilMet() {
        var bench = Bench()
        bench.connect(0..<4)
        bench.learn(0..<6)
        #expect(bench.handle(.introduction(peer(9), [address(9)])).dialed == [.peer(peer(9))])
        bench.handle(.dialFailed(.peer(peer(9))))
        // However many others are lost.
        for member in 4..<6 { bench.handle(.reported(peer(member), isUnreachable: true)) }
        var last = bench.now
        for _ in 0..<50 {
            let dialed = bench.wait().dialed
            for target in dialed { bench.handle(.dialFailed(target)) }
            guard dialed.contains(.peer(peer(9))) else { continue }
            #expect(last.duration(to: bench.now) <= PeeringConfiguration().introductionSpacing * 1.25)
            last = bench.now
        }
        #expect(last > .origin + .seconds(60))
        _ = bench.wait()
        bench.handle(.connected(peer(9)))
        #expect(bench.planner.unmet.isEmpty)
        bench.handle(.introduction(peer(10), [address(10)]))
        bench.handle(.forget(peer(10)))
        #expect(bench.planner.unmet.isEmpty)
    }

    /// A lone node of a small mesh tries all that are lost about as often as it would try a single one.
    @Test(arguments: [1, 5]) func manyLostCostNoMoreThanOne(count: Int) {
        var bench = Bench()
        bench.learn(0..<count)
        var dials = 0
        while bench.now < .origin + .seconds(3600) {
            let dialed = bench.wait().dialed
            if bench.now >= .origin + .seconds(600) { dials += dialed.count }
            for target in bench.planner.inFlight { bench.handle(.dialFailed(target)) }
        }
        let interval = max(PeeringConfiguration().healSpacing * count, PeeringConfiguration().minimumHealInterval)
        let expected = Double(3000) / Double(interval.components.seconds)
        #expect(Double(dials) > expected * 0.7 && Double(dials) < expected * 1.3, "\(dials) dials in 3,000 s")
    }

    /// During a partition many are dialled in vain. After it each node tries them all, although nobody else holds them for lost.
    @Test func whoWasOnlyDialledInVainIsTriedLessOften() {
        let interval = PeeringConfiguration().healSpacing * 31
        for (isReported, factor) in [(false, PeeringConfiguration().doubtFactor), (true, 1)] {
            var bench = Bench()
            bench.learn(0..<31)
            for target in bench.planner.inFlight { bench.handle(.dialFailed(target)) }
            bench.connect(20..<24)
            for target in bench.planner.inFlight { bench.handle(.dialFailed(target)) }
            let lost = bench.planner.order.filter { bench.planner.candidates[$0]?.isLost == true }
            #expect(!lost.isEmpty)
            if isReported, case .peer(let peer)? = lost.first { bench.handle(.reported(peer, isUnreachable: true)) }
            for _ in 0..<20 {
                let before = bench.now
                let dialed = bench.wait().dialed
                #expect(dialed.count == 1 && dialed.allSatisfy(lost.contains))
                let waited = before.duration(to: bench.now)
                #expect(before == .origin || waited >= interval * factor * 0.75 && waited <= interval * factor * 1.25, "\(waited)")
                for target in dialed { bench.handle(.dialFailed(target)) }
            }
        }
    }

    // MARK: Who is there

    @Test func whoIsLostIsDialledAtOnceAndReportedIfInVain() {
        var bench = Bench()
        bench.connect(0..<8)
        bench.learn(0..<8)
        #expect(bench.handle(.lost(peer(3))) == [.dial(.peer(peer(3)), [address(3)])], "though there are enough connections")
        #expect(bench.handle(.dialFailed(.peer(peer(3)))) == [.unreachable(peer(3))])
        for target in bench.wait().dialed { #expect(bench.handle(.dialFailed(target)).unreachable.isEmpty, "said once") }
    }

    @Test func whoIsLostAndComesBackIsNotReported() {
        var bench = Bench()
        bench.connect(0..<8)
        bench.learn(0..<8)
        #expect(bench.handle(.lost(peer(3))).dialed.count == 1)
        bench.handle(.connected(peer(3)))
        #expect(bench.handle(.dialFailed(.peer(peer(3)))).unreachable.isEmpty)
    }

    @Test func whoSaysGoodbyeIsNotSuspected() {
        var bench = Bench()
        bench.connect(0..<8)
        bench.learn(0..<8)
        #expect(bench.handle(.disconnected(peer(3))).isEmpty)
    }

    @Test func whoCannotBeDialledIsReportedAtOnce() {
        var bench = Bench()
        bench.connect(0..<8)
        bench.handle(.member(peer(3), []))
        #expect(bench.handle(.lost(peer(3))) == [.unreachable(peer(3))])
        #expect(bench.handle(.lost(peer(4))).isEmpty, "no member: nobody's business")
    }

    @Test func nobodyIsDialledTwiceAtOnce() {
        var bench = Bench()
        bench.connect(0..<4)
        bench.learn(0..<4)
        #expect(bench.handle(.lost(peer(3))) == [.dial(.peer(peer(3)), [address(3)])], "it is suspected, and one too few stand")
    }

    // MARK: Too many

    @Test func theOldestThatOthersOpenedAreGivenUp() {
        var bench = Bench()
        bench.learn(0..<4)
        for member in 0..<4 { bench.succeed(.peer(peer(member)), as: peer(member)) }
        bench.connect(4..<7)
        bench.now = bench.now + .seconds(1)
        bench.connect(7..<PeeringConfiguration().maximumConnections + 3)
        #expect(Set(bench.wait().disconnected) == [peer(4), peer(5), peer(6)])
        #expect(bench.planner.nextDeadline == nil)
    }

    @Test func withTooManyOpenedTheOldestIsGivenUpHoweverYoung() {
        var bench = Bench()
        let maximum = PeeringConfiguration().maximumOpened
        let hosts = (0...maximum).map { Planner.Target.host(address($0)) }
        for number in 0...maximum { bench.handle(.join(address(number))) }
        let disconnected = hosts.enumerated().map { bench.succeed($1, as: peer($0)).disconnected }
        #expect(disconnected == Array(repeating: [], count: maximum) + [[peer(0)]])
    }

    /// But not before its time, when it may be the only way to a part of the mesh.
    @Test func whatAHealingDialOpensReplacesWhatIsOld() {
        var bench = Bench()
        bench.connect(20..<24)
        bench.learn(0..<12)
        var opened: [(peer: PeerID, at: Instant)] = []
        for _ in 0..<8 {
            guard let target = bench.wait().dialed.first, case .peer(let peer) = target else { Issue.record("no dial"); return }
            let oldest = opened.first
            let disconnected = bench.succeed(target, as: peer).disconnected
            opened.append((peer, bench.now))
            let isOld = oldest.map { $0.at + PeeringConfiguration().minimumTenure <= bench.now } ?? false
            #expect(disconnected == (isOld ? oldest.map { [$0.peer] } : []))
            if isOld { opened.removeFirst() }
            for gone in disconnected { #expect(bench.handle(.disconnected(gone)).dialed.isEmpty, "there are enough others") }
        }
        #expect((2...3).contains(opened.count))
    }

    // MARK: Whatever happens

    @Test func randomSchedulesKeepTheInvariants() {
        let seed = testSeed("PeeringPlanner schedule")
        for round in 0..<40 {
            var model = ScheduleModel(seed: seed &+ UInt64(round))
            for _ in 0..<500 { model.step() }
            model.checkLiveness()
        }
    }

    @Test func aHundredThousandEventsLeaveNothingBehind() {
        let seed = testSeed("PeeringPlanner endurance")
        var model = ScheduleModel(seed: seed)
        for _ in 0..<100_000 { model.step() }
        #expect(model.storedElements < 4 * peers.count, "candidates, connections, dials: each known peer once")
    }

    /// 20,000 members are learnt in no more than a few passes: the cost of one event does not grow with the mesh.
    @Test func aLargeMeshIsLearntQuickly() {
        var bench = Bench()
        let clock = ContinuousClock()
        let many = (0..<20_000).compactMap { number -> PeerID? in
            let digest = (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } + [UInt8](repeating: 1, count: 28)
            return try? PeerID(bytes: [0x12, 0x20] + digest)
        }
        #expect(many.count == 20_000)
        let time = clock.measure {
            for (number, peer) in many.enumerated() { bench.handle(.member(peer, [address(number)])) }
        }
        #expect(time < .seconds(20), "quadratic cost would take minutes")
    }
}

/// Random events, and what the world of the planner looks like after them.
private struct ScheduleModel {
    private var bench: Bench
    private var generator: SeededGenerator
    private var underWay: [Planner.Target] = []
    private var connected: Set<PeerID> = []
    private var answered: Set<Planner.Target> = []
    private let configuration = PeeringConfiguration()

    init(seed: UInt64) {
        bench = Bench(seed: seed)
        generator = SeededGenerator(seed: seed ^ 0xff)
    }

    /// Elements in all collections of the planner, by reflection: whatever it keeps, it counts.
    var storedElements: Int {
        Mirror(reflecting: bench.planner).children.reduce(0) { sum, child in
            let mirror = Mirror(reflecting: child.value)
            return mirror.displayStyle == .dictionary || mirror.displayStyle == .set || mirror.displayStyle == .collection
                ? sum + mirror.children.count : sum
        }
    }

    mutating func step() {
        let number = Int.random(in: 0..<peers.count, using: &generator)
        switch Int.random(in: 0..<12, using: &generator) {
        case 0, 1: take(bench.handle(.member(peer(number), [address(number, port: UInt16.random(in: 1...3, using: &generator))])))
        case 2: take(bench.handle(.member(peer(number), [])))
        case 3: take(bench.handle(.forget(peer(number))))
        case 4: take(bench.handle(.join(address(number))))
        case 5: connect(peer(number))
        case 6, 7: disconnect()
        case 8, 9: finishDial()
        default: pass()
        }
        check()
    }

    private mutating func pass() {
        bench.now = bench.now + .milliseconds(Int.random(in: 0...20_000, using: &generator))
        guard let deadline = bench.planner.nextDeadline, deadline <= bench.now else { return }
        take(bench.handle(.deadlineReached))
    }

    private mutating func connect(_ peer: PeerID) {
        guard connected.count < 40 else { return }
        connected.insert(peer)
        take(bench.handle(.connected(peer)))
    }

    private mutating func disconnect() {
        guard let peer = connected.sorted(by: { $0.description < $1.description }).randomElement(using: &generator) else { return }
        connected.remove(peer)
        take(bench.handle(Bool.random(using: &generator) ? .lost(peer) : .disconnected(peer)))
    }

    private mutating func finishDial() {
        guard !underWay.isEmpty else { return }
        let target = underWay.remove(at: Int.random(in: 0..<underWay.count, using: &generator))
        guard Bool.random(using: &generator) else { return take(bench.handle(.dialFailed(target))) }
        let answered: PeerID = if case .peer(let peer) = target { peer } else { peers[0] }
        self.answered.insert(target)
        connect(answered)
        if Int.random(in: 0..<5, using: &generator) == 0, connected.remove(answered) != nil { take(bench.handle(.disconnected(answered))) }
        take(bench.handle(.dialed(target, connectedTo: answered)))
    }

    private mutating func take(_ actions: [Planner.Action]) {
        for action in actions {
            switch action {
            case .dial(let target, let addresses):
                must(!addresses.isEmpty, "without addresses")
                must(!underWay.contains(target), "dialled twice at once")
                if case .peer(let peer) = target { must(!connected.contains(peer), "is connected already") }
                if case .host = target { must(connected.isEmpty || !answered.contains(target), "a host that was met, without need") }
                underWay.append(target)
            case .disconnect(let peer):
                must(connected.contains(peer), "gives up what is gone")
            case .unreachable(let peer):
                must(!connected.contains(peer), "is connected")
            }
        }
    }

    private func check() {
        must(underWay.count <= configuration.maximumInFlight, "too many at once")
        guard connected.count >= configuration.targetConnections, let deadline = bench.planner.nextDeadline else { return }
        must(bench.now.duration(to: deadline) <= configuration.maximumHealInterval * 1.25, "heals too late")
    }

    /// As `#expect`, without its cost at each of many steps.
    private func must(_ condition: Bool, _ words: Comment) {
        if !condition { Issue.record(words) }
    }

    /// Left alone with all dials failing, every member with addresses is tried again and again.
    mutating func checkLiveness() {
        while let peer = connected.popFirst() { take(bench.handle(.disconnected(peer))) }
        for number in 0..<peers.count { take(bench.handle(.member(peer(number), [address(number, port: 4)]))) }
        var tried: Set<Planner.Target> = []
        for _ in 0..<2000 {
            tried.formUnion(underWay)
            while let target = underWay.popLast() { take(bench.handle(.dialFailed(target))) }
            take(bench.wait())
        }
        #expect(peers.allSatisfy { tried.contains(.peer($0)) })
    }
}
