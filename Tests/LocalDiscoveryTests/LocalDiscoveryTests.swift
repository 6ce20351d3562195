import DNSCodec
import IPAddresses
import Multiformats
import Testing
import Timeline
import WeftTestKit

@testable import LocalDiscovery

/// Nodes on one link under virtual time: what one sends, all others hear.
@Suite struct LocalDiscoveryTests {
    private typealias Machine = LocalDiscovery<SeededGenerator>
    private static let network = "0123456789abcdef0123456789abcdef"
    private let start = Instant.origin + .seconds(1000)
    private let configuration = DiscoveryConfiguration()

    private func identity(_ number: Int) throws -> PeerID {
        try Identity(seed: [UInt8](repeating: UInt8(number), count: 32)).peerID
    }

    private func link(_ number: Int, index: Int32 = 2) throws -> LocalLink {
        LocalLink(index: index, prefixes: [try #require(IPPrefix("192.0.2.\(number)/24"))])
    }

    private func machine(_ number: Int, network: String = network) throws -> Machine {
        try #require(
            Machine(
                fingerprint: network, peer: identity(number), port: 10042, configuration: configuration,
                generator: SeededGenerator(seed: UInt64(number))))
    }

    /// Runs until nobody has anything to do before `end`, and tells who sent what and who was told of whom.
    private func run(_ nodes: inout [Machine], until end: Instant) throws -> (sent: [(Int, MulticastMessage)], found: [Int: Set<PeerID>]) {
        var sent: [(Int, MulticastMessage)] = []
        var found: [Int: Set<PeerID>] = [:]
        while let next = nodes.indices.compactMap({ index in nodes[index].nextDeadline.map { ($0, index) } }).min(by: { $0 < $1 }),
            next.0 <= end
        {
            var queue = [(next.1, Machine.Input.deadlineReached)]
            while !queue.isEmpty {
                let (index, input) = queue.removeFirst()
                for action in nodes[index].handle(input, now: next.0) {
                    switch action {
                    case .send(let bytes, let link):
                        sent.append((index, try MulticastMessage(bytes)))
                        queue += nodes.indices.filter { $0 != index }.map { ($0, .received(bytes, link: link)) }
                    case .found(let peer, _): found[index, default: []].insert(peer)
                    }
                }
            }
        }
        return (sent, found)
    }

    private func mesh(_ count: Int) throws -> [Machine] {
        try (1...count).map { number in
            var node = try machine(number)
            _ = node.handle(.linksChanged([try link(number)]), now: start)
            return node
        }
    }

    @Test func twoFindEachOtherAtOnce() throws {
        var nodes = try mesh(2)
        let (_, found) = try run(&nodes, until: start + .seconds(1))
        #expect(found == [0: [try identity(2)], 1: [try identity(1)]])
    }

    @Test func anAnswerNamesTheAddressesOfTheLink() throws {
        var node = try machine(1)
        _ = node.handle(.linksChanged([try link(1)]), now: start)
        var asker = try machine(2)
        _ = asker.handle(.linksChanged([try link(2)]), now: start)
        var nodes = [node, asker]
        let (sent, _) = try run(&nodes, until: start + .seconds(1))
        let answer = try #require(sent.first { $0.0 == 0 && $0.1.isResponse }).1
        let expected = "dnsaddr=/ip4/192.0.2.1/tcp/10042/p2p/\(try identity(1))"
        #expect(answer.additional.contains { $0.data == .txt([expected]) })
        #expect(answer.answers.first?.name == DNSName("_p2p-\(Self.network)._udp.local"))
    }

    @Test func otherNetworksAreNotHeard() throws {
        var nodes = [try machine(1), try machine(2, network: "00")]
        for index in nodes.indices { _ = nodes[index].handle(.linksChanged([try link(index + 1)]), now: start) }
        let (sent, found) = try run(&nodes, until: start + .seconds(30))
        #expect(found.isEmpty && !sent.contains { $0.1.isResponse })
    }

    /// 200 hear a question: about as many answer as are needed.
    @Test func fewAnswerHoweverManyHear() throws {
        var nodes = try mesh(200)
        for index in nodes.indices { _ = nodes[index].handle(.isAlone(false), now: start) }
        _ = try run(&nodes, until: start + .seconds(10))
        var asker = try machine(201)
        let later = start + .seconds(20)
        _ = asker.handle(.linksChanged([try link(201)]), now: later)
        nodes.append(asker)
        let (sent, found) = try run(&nodes, until: later + .milliseconds(500))
        #expect(sent.count { !$0.1.isResponse } == 1)
        #expect(sent.count { $0.1.isResponse } == configuration.enoughAnswers)
        #expect(found[200]?.count == configuration.enoughAnswers)
    }

    @Test func whoIsConnectedAsksOnceAnHourAndOneForAll() throws {
        var nodes = try mesh(20)
        for index in nodes.indices { _ = nodes[index].handle(.isAlone(false), now: start) }
        let (sent, _) = try run(&nodes, until: start + .seconds(24 * 3600))
        let questions = sent.count { !$0.1.isResponse }
        #expect((18...24).contains(questions), "\(questions)")
    }

    @Test func whoIsAloneAsksMoreAndMoreSeldom() throws {
        var nodes = [try machine(1)]
        _ = nodes[0].handle(.linksChanged([try link(1)]), now: start)
        #expect(try run(&nodes, until: start + .seconds(10)).sent.count == 4)
        #expect(try run(&nodes, until: start + .seconds(2 * 3600)).sent.count < 10)
        _ = nodes[0].handle(.isAlone(false), now: start + .seconds(7200))
        _ = nodes[0].handle(.isAlone(true), now: start + .seconds(7201))
        #expect(try run(&nodes, until: start + .seconds(7202)).sent.count == 1, "it has lost everybody")
    }

    @Test func questionsAreAnsweredOnceASecond() throws {
        var nodes = [try machine(1)]
        _ = nodes[0].handle(.linksChanged([try link(1)]), now: start)
        let question = MulticastMessage(
            isResponse: false, questions: [DNSQuestion(name: try #require(DNSName("_p2p-\(Self.network)._udp.local")), type: .ptr)]
        ).encoded
        var answers = 0
        for tick in 0..<1000 {
            let now = start + .milliseconds(10 * tick)
            answers += nodes[0].handle(.received(question, link: 2), now: now).count {
                if case .send(let bytes, _) = $0 { (try? MulticastMessage(bytes))?.isResponse == true } else { false }
            }
        }
        #expect((8...10).contains(answers), "\(answers)")
    }

    @Test func whoeverIsNotOnTheLinkIsNotBelieved() throws {
        let messages = try #require(DiscoveryMessages(fingerprint: Self.network, label: "liar", peer: identity(9), port: 1))
        let lie = messages.answer(on: LocalLink(index: 2, prefixes: [try #require(IPPrefix("198.51.100.7/24"))]))
        var node = try machine(1)
        _ = node.handle(.linksChanged([try link(1)]), now: start)
        #expect(node.handle(.received(lie, link: 2), now: start).isEmpty)
        let truth = messages.answer(on: try link(9))
        #expect(node.handle(.received(truth, link: 3), now: start).isEmpty, "no such link")
        #expect(node.handle(.received(truth, link: 2), now: start).count == 1)
        #expect(node.handle(.received(truth, link: 2), now: start).isEmpty, "told just now")
        #expect(
            node.handle(.received(truth, link: 2), now: start + configuration.repeatPause).contains {
                if case .found = $0 { true } else { false }
            })
    }

    @Test func oneLinkCannotNameAnyNumber() throws {
        var node = try machine(1)
        _ = node.handle(.linksChanged([try link(1)]), now: start)
        var told = 0
        for number in 0..<(configuration.maximumFound * 2) {
            let seed = [UInt8](repeating: UInt8(number & 0xff), count: 31) + [UInt8(number >> 8)]
            let messages = try #require(
                DiscoveryMessages(fingerprint: Self.network, label: "n\(number)", peer: Identity(seed: seed).peerID, port: 1))
            told += node.handle(.received(messages.answer(on: try link(7)), link: 2), now: start).count
        }
        #expect(told == configuration.maximumFound)
    }

    @Test func linksComeAndGo() throws {
        var node = try machine(1)
        #expect(node.nextDeadline == nil)
        let links = try (1...Int32(configuration.maximumLinks) + 5).map { try link(Int($0), index: $0) }
        _ = node.handle(.linksChanged(links), now: start)
        let asked = node.handle(.deadlineReached, now: start + .milliseconds(200))
        #expect(asked.count == configuration.maximumLinks)
        _ = node.handle(.linksChanged([]), now: start)
        #expect(node.nextDeadline == nil)
    }

    @Test func aNetworkThatIsNoLabelIsRefused() throws {
        #expect(Machine(fingerprint: "a.b\n", peer: try identity(1), port: 1, generator: SeededGenerator(seed: 1)) == nil)
        #expect(
            Machine(fingerprint: String(repeating: "a", count: 60), peer: try identity(1), port: 1, generator: SeededGenerator(seed: 1))
                == nil)
    }

    /// Nothing that comes from the link traps.
    @Test func anyMessageIsTaken() throws {
        var random = SeededGenerator(seed: testSeed("anyMessageIsTaken"))
        let others = try (2...4).map {
            try #require(DiscoveryMessages(fingerprint: Self.network, label: "n\($0)", peer: identity($0), port: 7))
        }
        let corpus = try others.map { try $0.answer(on: link(5)) } + [others[0].question]
        var node = try machine(1)
        _ = node.handle(.linksChanged([try link(1)]), now: start)
        var found = 0
        for number in 0..<100_000 {
            let message = random.mutated(corpus[number % corpus.count], among: corpus)
            let actions = node.handle(.received(message, link: 2), now: start + .seconds(number * 11))
            found += actions.count { if case .found = $0 { true } else { false } }
        }
        #expect(found > 100)
    }
}
