import DNSCodec
import IPAddresses
import Multiformats
import Timeline

/// Finds members on the same link by multicast DNS, and lets itself be found: a machine, without sockets and clock.
///
/// It is quiet. A node that is connected to others asks once an hour, and not if another one has just asked. However many hear a question, a
/// few answer: that is enough to join by.
package struct LocalDiscovery<Generator: RandomNumberGenerator & Sendable>: Sendable {
    package enum Input: Sendable {
        /// The interfaces that there are now.
        case linksChanged([LocalLink])
        /// Whether this node is connected to nobody.
        case isAlone(Bool)
        case received([UInt8], link: Int32)
        case deadlineReached
    }

    package enum Action: Hashable, Sendable {
        /// Send to the group of multicast DNS.
        case send([UInt8], link: Int32)
        /// A neighbour who says that he is of our network, which nobody has proved.
        case found(PeerID, [Multiaddr])
    }

    private struct LinkState: Sendable {
        let link: LocalLink
        var askAt: Instant
        /// From the next question to the one after it.
        var interval: Duration
        var answerAt: Instant?
        var answered: Instant?
        /// Answers of others to the question that we are about to answer.
        var heard = 0
    }

    /// With what the first name in each message of libp2p's mDNS begins.
    package static var labelStart: StaticString { "_p2p" }

    private let configuration: DiscoveryConfiguration
    private let messages: DiscoveryMessages
    private var links: [Int32: LinkState] = [:]
    package private(set) var isAlone = true
    /// Whom we have told of, and when.
    private var found: [PeerID: Instant] = [:]
    private var generator: Generator

    /// - Parameters:
    ///   - fingerprint: what those of one network have in common, and nobody else knows: letters and digits, at most 58; else `nil`.
    ///   - port: where this node accepts connections.
    package init?(
        fingerprint: String, peer: PeerID, port: UInt16, configuration: DiscoveryConfiguration = DiscoveryConfiguration(),
        generator: Generator
    ) {
        var generator = generator
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        let label = String(
            (0..<DiscoveryConfiguration.labelLength).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] })
        guard let messages = DiscoveryMessages(fingerprint: fingerprint, label: label, peer: peer, port: port) else { return nil }
        self.messages = messages
        self.configuration = configuration
        self.generator = generator
    }

    package var nextDeadline: Instant? {
        links.values.reduce(nil) { earliest(earliest($0, $1.askAt), $1.answerAt) }
    }

    package mutating func handle(_ input: Input, now: Instant) -> [Action] {
        var actions: [Action] = []
        switch input {
        case .linksChanged(let links): use(links, now)
        case .isAlone(let isAlone): setAlone(isAlone, now)
        case .received(let bytes, let index): receive(bytes, index, now, &actions)
        case .deadlineReached: break
        }
        for index in links.keys.sorted() { doWhatIsDue(index, now, &actions) }
        return actions
    }

    private mutating func use(_ now: [LocalLink], _ time: Instant) {
        let wanted = Dictionary(now.prefix(configuration.maximumLinks).map { ($0.index, $0) }) { $1 }
        links = links.filter { wanted[$0.key] == $0.value.link }
        for link in wanted.values.sorted(by: { $0.index < $1.index }) where links[link.index] == nil {
            let soon = time + soon()
            links[link.index] = LinkState(link: link, askAt: soon, interval: interval)
        }
    }

    /// From a first question to the next.
    private var interval: Duration { isAlone ? configuration.minimumInterval : configuration.maximumInterval }

    private mutating func setAlone(_ isAlone: Bool, _ now: Instant) {
        guard isAlone != self.isAlone else { return }
        self.isAlone = isAlone
        for (index, state) in links.sorted(by: { $0.key < $1.key }) {
            let askAt = now + (isAlone ? soon() : jittered(interval))
            links[index] = LinkState(link: state.link, askAt: askAt, interval: interval, answerAt: state.answerAt, answered: state.answered)
        }
    }

    private mutating func receive(_ bytes: [UInt8], _ index: Int32, _ now: Instant, _ actions: inout [Action]) {
        guard var state = links[index], let message = try? MulticastMessage(bytes) else { return }
        if messages.asks(message) {
            if !isAlone { state.askAt = now + jittered(configuration.maximumInterval) }
            if state.answerAt == nil {
                state.heard = 0
                state.answerAt = max(now + soon(), state.answered.map { $0 + configuration.minimumInterval } ?? now)
            }
        } else if let neighbours = messages.neighbours(in: message, on: state.link) {
            state.heard += 1
            if state.heard >= configuration.enoughAnswers { state.answerAt = nil }
            for (peer, addresses) in neighbours.sorted(by: { $0.key < $1.key }) { note(peer, addresses, now, &actions) }
        }
        links[index] = state
    }

    private mutating func note(_ peer: PeerID, _ addresses: [Multiaddr], _ now: Instant, _ actions: inout [Action]) {
        found = found.filter { now < $0.value + configuration.repeatPause }
        guard found[peer] == nil, found.count < configuration.maximumFound else { return }
        found[peer] = now
        actions.append(.found(peer, addresses))
    }

    private mutating func doWhatIsDue(_ index: Int32, _ now: Instant, _ actions: inout [Action]) {
        guard var state = links[index] else { return }
        if state.askAt <= now {
            actions.append(.send(messages.question, link: index))
            state.askAt = now + jittered(state.interval)
            state.interval = min(state.interval * 2, configuration.maximumInterval)
        }
        if let answerAt = state.answerAt, answerAt <= now {
            actions.append(.send(messages.answer(on: state.link), link: index))
            (state.answerAt, state.answered) = (nil, now)
        }
        links[index] = state
    }

    /// So that not all answer a question, or greet a link, at once (RFC 6762 sections 5.2 and 6).
    private mutating func soon() -> Duration { .milliseconds(Int.random(in: 20...120, using: &generator)) }

    /// Up to a fifth longer, so that nodes do not fall into step.
    private mutating func jittered(_ duration: Duration) -> Duration {
        duration + duration * Int.random(in: 0...200, using: &generator) / 1000
    }
}

/// What a link's neighbours can make a node do, and how often it speaks by itself.
package struct DiscoveryConfiguration: Sendable {
    /// Of the random name under which a node answers.
    static let labelLength = 32

    /// Between the first questions; and between two answers (RFC 6762 section 6).
    package var minimumInterval: Duration = .seconds(1)
    /// It doubles up to here while a node is connected to nobody. A connected one asks so seldom, for two meshes of one secret
    /// that have not met.
    package var maximumInterval: Duration = .seconds(3600)
    /// Who hears so many others answer says nothing.
    package var enoughAnswers = 8
    package var maximumLinks = 16
    /// A neighbour is told of again after so long.
    package var repeatPause: Duration = .seconds(10)
    /// Neighbours told of in that time.
    package var maximumFound = 64

    package init() {}
}
