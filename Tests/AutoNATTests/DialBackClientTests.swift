import IPAddresses
import Multiformats
import Testing
import Timeline
import WeftTestKit

@testable import AutoNAT

/// A client in virtual time, and whom it has asked.
private struct Bench {
    var client: DialBackClient<SeededGenerator>
    var now = Instant.origin
    var asked: [(peer: PeerID, addresses: [Multiaddr], at: Instant)] = []
    var statuses: [NATStatus] = []

    init(_ configuration: AutoNATConfiguration = AutoNATConfiguration(), place: OwnPlace? = nil) throws {
        client = DialBackClient(configuration, peer: try peer(0), generator: SeededGenerator(seed: testSeed("client")))
        give(.place(try place ?? Self.home()))
    }

    static func home(_ addresses: String..., networks: [String] = ["192.168.1.0/24"]) throws -> OwnPlace {
        OwnPlace(
            port: 10_042, addresses: try (addresses.isEmpty ? ["192.168.1.2:10042"] : addresses).map(at),
            networks: networks.compactMap { IPPrefix($0) })
    }

    mutating func give(_ input: DialBackClient<SeededGenerator>.Input) {
        for action in client.handle(input, now: now) {
            switch action {
            case .statusChanged(let status): statuses.append(status)
            case .ask(let peer, let bytes):
                guard case .dial(let request)? = try? AutoNATMessage(bytes) else { continue }
                asked.append((peer, request.addresses, now))
            }
        }
    }

    mutating func meet(_ number: UInt8, at remote: String = "9.9.9.9", seeing observed: String? = "5.5.5.5") throws {
        give(.peer(try peer(number), Witness(remote: try ip(remote), observed: try observed.map(ip))))
    }

    /// Lets time pass until the next question; whether there was one.
    mutating func nextQuestion() -> Bool {
        guard let deadline = client.nextDeadline else { return false }
        let before = asked.count
        now = max(now, deadline)
        give(.deadlineReached)
        return asked.count == before + 1
    }

    mutating func ask() throws {
        let isAsked = nextQuestion()
        try #require(isAsked)
    }

    /// Has the next question answered.
    mutating func hear(_ status: DialResponse.Status) throws {
        try ask()
        give(.answered(.success(reply(status))))
    }
}

@Suite struct DialBackClientTests {
    private let limits = AutoNATConfiguration()

    // MARK: What is concluded

    @Test func `a success is believed at once, a failure when nothing speaks against it`() throws {
        var bench = try Bench()
        #expect(bench.client.status == .unknown && bench.client.nextDeadline == nil, "nobody to ask")
        try bench.meet(1)
        try bench.hear(.dialError)
        #expect(bench.statuses == [.unreachable])
        try bench.hear(.ok)
        #expect(bench.statuses == [.unreachable, .reachable] && bench.client.confidence == 0)
        for expected in [1, 2, 3, 3] {
            try bench.hear(.ok)
            #expect(bench.client.confidence == expected)
        }
        for expected in [2, 1, 0] {
            try bench.hear(.dialError)
            #expect(bench.client.confidence == expected && bench.client.status == .reachable)
        }
        try bench.hear(.dialError)
        #expect(bench.statuses == [.unreachable, .reachable, .unreachable])
    }

    @Test(arguments: [DialResponse.Status.dialRefused, .badRequest, .internalError])
    func `who has not tried tells nothing, and is left in peace`(status: DialResponse.Status) throws {
        var bench = try Bench()
        try bench.meet(1)
        try bench.hear(status)
        #expect(bench.statuses.isEmpty)
        #expect(bench.client.nextDeadline == bench.now + limits.refusalPause)
        try bench.meet(2)
        try bench.ask()
        #expect(try bench.asked.last?.peer == peer(2))
    }

    @Test func `rubbish and silence tell nothing`() throws {
        var bench = try Bench()
        try bench.meet(1)
        try bench.ask()
        bench.give(.answered(.success([1, 2, 3])))
        #expect(bench.client.nextDeadline == bench.now + limits.refusalPause)
        try bench.ask()
        bench.give(.answered(.failure(.failed)))
        try bench.ask()
        bench.give(.answered(.failure(.unsupported)))
        #expect(bench.client.nextDeadline == nil && bench.statuses.isEmpty, "whoever does not speak it is no witness")
        bench.give(.answered(.success(reply(.ok))))
        #expect(bench.statuses.isEmpty, "nobody has been asked")
    }

    @Test func `elsewhere all is unknown`() throws {
        var bench = try Bench()
        try bench.meet(1)
        for _ in 0..<4 { try bench.hear(.ok) }
        bench.give(.place(try Bench.home()))
        #expect(bench.client.status == .reachable, "the same place")
        bench.give(.place(try Bench.home("192.168.7.2:10042")))
        #expect(bench.statuses == [.reachable, .unknown] && bench.client.confidence == 0)
        try bench.ask()
        bench.give(.place(try Bench.home("192.168.8.2:10042")))
        bench.give(.answered(.success(reply(.dialError))))
        #expect(bench.statuses == [.reachable, .unknown], "the answer is about where we were")
        try bench.hear(.dialError)
        #expect(bench.client.status == .unreachable)
    }

    // MARK: Who is asked, and for what

    @Test(arguments: [
        ("192.168.1.9", "192.168.1.2"), ("192.168.1.2", "192.168.1.2"), ("10.42.0.3", "10.42.0.2"), ("127.0.0.1", "127.0.0.1"),
        ("9.9.9.9", "10.42.0.2"),
    ])
    func `who sees what nobody outside sees is not asked`(remote: String, observed: String) throws {
        var configuration = limits
        configuration.excluded = [try #require(IPPrefix("10.42.0.0/16"))]
        var bench = try Bench(configuration)
        try bench.meet(1, at: remote, seeing: observed)
        #expect(bench.client.nextDeadline == nil)
        bench.give(.peer(try peer(1), nil))
        try bench.meet(1)
        #expect(bench.client.nextDeadline != nil)
    }

    @Test func `an outsider is asked rather than a neighbour`() throws {
        var bench = try Bench(place: try Bench.home("5.5.5.5:10042", networks: ["5.5.5.0/24"]))
        try bench.meet(1, at: "5.5.5.6")
        try bench.hear(.ok)
        try bench.meet(2, at: "9.9.9.9")
        for _ in 0..<2 { try bench.hear(.ok) }
        #expect(try bench.asked.map(\.peer) == [peer(1), peer(2), peer(2)])
        try bench.meet(3, at: "5.5.5.5")
        #expect(bench.client.status == .reachable, "and not a node on the same machine")
    }

    @Test func `others are asked in turns`() throws {
        var bench = try Bench()
        for number in 1...3 { try bench.meet(UInt8(number)) }
        for _ in 0..<6 { try bench.hear(.ok) }
        #expect(Set(bench.asked.prefix(3).map(\.peer)).count == 3)
        #expect(bench.asked.prefix(3).map(\.peer) == bench.asked.dropFirst(3).map(\.peer))
    }

    @Test func `what is asked for is where the witness sees us`() throws {
        var bench = try Bench(place: try Bench.home("192.168.1.2:10042", "5.5.5.5:33000", "6.6.6.6:1"))
        try bench.meet(1)
        try bench.ask()
        #expect(bench.asked.first?.addresses == (try ["5.5.5.5:33000", "5.5.5.5:10042"].map(tcp)), "forwarded, known or not")
        bench.give(.answered(.failure(.unsupported)))
        try bench.meet(2, seeing: nil)
        try bench.ask()
        #expect(
            bench.asked.last?.addresses == (try ["192.168.1.2:10042", "5.5.5.5:33000", "6.6.6.6:1"].map(tcp)), "who knows what he sees")
    }

    @Test func `addresses in a question are limited`() throws {
        let many = try (1...300).map { try at("5.5.5.5:\($0)") }
        var bench = try Bench(place: OwnPlace(port: 10_042, addresses: many, networks: []))
        try bench.meet(1)
        try bench.ask()
        #expect(bench.asked.first?.addresses.count == limits.maximumAddresses)
    }

    @Test func `only so many are kept in mind`() throws {
        var bench = try Bench()
        for number in 1...UInt8(limits.maximumWitnesses + 10) { try bench.meet(number) }
        for _ in 0..<limits.maximumWitnesses + 10 { try bench.hear(.dialError) }
        #expect(Set(bench.asked.map(\.peer)).count == limits.maximumWitnesses)
    }

    // MARK: How often

    @Test func `who is sure asks once in hours`() throws {
        var bench = try Bench()
        try bench.meet(1)
        #expect(try #require(bench.client.nextDeadline) >= .origin + limits.firstDelay)
        #expect(try #require(bench.client.nextDeadline) <= .origin + limits.firstDelay * 2)
        for _ in 0..<4 { try bench.hear(.ok) }
        #expect(bench.now < .origin + limits.confirmInterval * 4, "and is sure soon")
        for number in 2...20 { try bench.meet(UInt8(number)) }
        let start = bench.now
        while bench.now < start + .seconds(7 * 24 * 3600) { try bench.hear(.ok) }
        #expect(bench.asked.count <= 4 + 7 * 4 + 1, "four times a day at most")
    }

    /// One by IPv6, one by IPv4 behind a NAT, say: nobody is ever sure.
    @Test func `who is never sure asks ever more seldom`() throws {
        var bench = try Bench()
        try bench.meet(1)
        while bench.now < .origin + .seconds(7 * 24 * 3600) { try bench.hear(bench.asked.count % 2 == 0 ? .ok : .dialError) }
        #expect(bench.asked.count < 60, "\(bench.asked.count) in a week")
    }

    @Test func `a crowd that comes and goes does not make us ask without end`() throws {
        var bench = try Bench()
        var number: UInt8 = 1
        while bench.now < .origin + .seconds(24 * 3600) {
            number = number % 200 + 1
            try bench.meet(number)
            if bench.nextQuestion() { bench.give(.answered(.success(reply(.dialRefused)))) }
            bench.give(.peer(try peer(number), nil))
        }
        #expect(bench.asked.count <= limits.quickQuestions + 24 * 6 + 4, "\(bench.asked.count) in a day")
    }

    @Test func `moving without end, too`() throws {
        var bench = try Bench()
        try bench.meet(1)
        for round in 0..<1_000 {
            bench.now = bench.now + .seconds(5)
            bench.give(.place(try Bench.home("192.168.1.\(round % 200 + 1):10042")))
            bench.give(.deadlineReached)
            bench.give(.answered(.success(reply(.ok))))
        }
        #expect(bench.asked.count <= 5_000 / 90 + 1)
    }

    @Test func `one question at a time`() throws {
        var bench = try Bench()
        for number in 1...5 { try bench.meet(UInt8(number)) }
        try bench.ask()
        #expect(bench.client.nextDeadline == nil)
        bench.now = bench.now + .seconds(100_000)
        bench.give(.deadlineReached)
        #expect(bench.asked.count == 1)
    }
}
