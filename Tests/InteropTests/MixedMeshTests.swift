import GossipSub
import Multiformats
import PeerHostTestKit
import Testing

/// Three implementations in one mesh.
@Suite(
    .serialized, .enabled(if: Interop.go.isWanted, "\(Interop.go.hint)"), .enabled(if: Interop.python.isWanted, "\(Interop.python.hint)"),
    .timeLimit(.minutes(5)))
struct MixedMeshTests {
    /// Each of thirteen nodes sends as many: 1,001 in all.
    private static let messagesOfEach = 77
    private static let interval = Duration.milliseconds(250)
    private static let kinds = "WGPWGPWGPWGWG"

    private enum Member: Sendable {
        case ours(TestHost, address: Multiaddr)
        case foreign(ForeignPeer)

        var address: Multiaddr {
            switch self {
            case .ours(_, let address): address
            case .foreign(let peer): peer.address
            }
        }

        /// All texts that it received, sorted.
        func texts(with prefix: String) -> [String] {
            let all: [String] =
                switch self {
                case .foreign(let peer): peer.events.all.filter { $0.event == "message" }.compactMap(\.data)
                case .ours(let host, _):
                    host.events.all.compactMap {
                        if case .gossip(let message) = $0 { String(decoding: message.data, as: UTF8.self) } else { nil }
                    }
                }
            return all.filter { $0.hasPrefix(prefix) }.sorted()
        }
    }

    @Test func `a thousand messages, none lost and none twice`() async throws {
        try await withForeignPeers(.go) { go, bench in
            try await withForeignPeers(.python) { python, _ in
                var members: [Member] = []
                for (number, kind) in Self.kinds.enumerated() {
                    // A chain in which each is connected to the two before it.
                    let others = members.suffix(2).map(\.address)
                    members.append(try await member(kind, number, others, go, python, bench))
                }
                await warmUp(members)
                try await publish(members)
                let all = Set(members.indices.flatMap(Self.texts(of:)))
                for (number, member) in members.enumerated() {
                    let wanted = all.subtracting(Self.texts(of: number)).sorted()
                    let heardAll = await waitFor(within: .seconds(60)) { member.texts(with: "message").count >= wanted.count ? true : nil }
                    let heard = member.texts(with: "message")
                    #expect(
                        heardAll == true && heard == wanted,
                        "node \(number) heard \(heard.count), \(Set(heard).count) different, of \(wanted.count)")
                }
            }
        }
    }

    private static func texts(of number: Int) -> [String] { (0..<messagesOfEach).map { "message of \(number): \($0)" } }

    private func member(
        _ kind: Character, _ number: Int, _ others: [Multiaddr], _ go: ForeignPeers, _ python: ForeignPeers, _ bench: TestBench
    ) async throws -> Member {
        if kind == "W" {
            let host = try bench.host(UInt8(number + 1))
            await host.host.subscribe(ForeignPeers.inTopic, TopicPolicy(signing: .strictSign, validation: .acceptAll))
            let address = try await host.listen()
            for other in others { _ = try await host.host.dial(other) }
            return .ours(host, address: address)
        }
        let peer = try await (kind == "G" ? go : python).start(
            [
                "--on-line", "--message", "message of \(number): %d", "--messages", "\(Self.messagesOfEach)", "--interval", "0.25",
            ] + others.map(\.description))
        #expect(await peer.events.has(others.count) { $0.event == "dialled" })
        return .foreign(peer)
    }

    /// Until everybody has heard of each of our hosts, which are all along the chain: from then on there is a way from each to each.
    private func warmUp(_ members: [Member]) async {
        let ready = await waitFor(within: .seconds(60)) {
            var isReady = true
            for (number, member) in members.enumerated() {
                guard case .ours(let host, _) = member else { continue }
                let text = "warm \(number)."
                let missing = members.indices.contains { $0 != number && members[$0].texts(with: text).isEmpty }
                if missing { await host.host.publish(Array("\(text)\(ContinuousClock.now)".utf8), on: ForeignPeers.inTopic) }
                isReady = isReady && !missing
            }
            if !isReady { try? await Task.sleep(for: Self.interval) }
            return isReady ? true : nil
        }
        #expect(ready == true, "everybody hears our hosts")
    }

    private func publish(_ members: [Member]) async throws {
        for case .foreign(let peer) in members { try peer.begin() }
        for index in 0..<Self.messagesOfEach {
            for (number, member) in members.enumerated() {
                guard case .ours(let host, _) = member else { continue }
                await host.host.publish(Array(Self.texts(of: number)[index].utf8), on: ForeignPeers.inTopic)
            }
            try await Task.sleep(for: Self.interval)
        }
    }
}
