import IPAddresses
import Timeline
import WeftTestKit

/// How fast and how faithful a network is.
package struct NetworkProfile: Sendable {
    /// One way, of the nearest and of the farthest pair of machines.
    package var latency: ClosedRange<Duration> = .microseconds(200) ... .milliseconds(20)
    /// What a packet may take longer, as a share of the pair's latency.
    package var jitter = 0.2
    /// Of 1000 packets, how many are lost and sent again later.
    package var lossPerMille = 0
    /// After a loss the sender waits so long, and twice as long after each further one (RFC 6298).
    package var retransmissionTimeout: Duration = .milliseconds(200)

    package init() {}

    /// Nothing is lost, and no packet takes long.
    var isGood: Bool { lossPerMille == 0 && latency.upperBound * (1 + jitter) <= .milliseconds(100) }
}

/// The wires: who has which address, what gets through, and how long it takes.
struct SimulatedNetwork: Sendable {
    var profile: NetworkProfile
    private(set) var cuts: [Int: Cut] = [:]
    private var machines: [IPAddress: Int] = [:]
    private var lastAddress: UInt128 = 0
    private var generator: SeededGenerator
    private let salt: UInt64

    init(profile: NetworkProfile, seed: UInt64) {
        self.profile = profile
        generator = SeededGenerator(seed: seed)
        salt = generator.next()
    }

    // MARK: Addresses

    /// A fresh address for the machine; nobody has the one before any more.
    mutating func assignAddress(to machine: Int, insteadOf old: IPAddress? = nil) -> IPAddress {
        if let old { machines[old] = nil }
        lastAddress += 1
        let address = IPAddress(family: .ipv4, value: 0xac10_0000 + lastAddress)  // 172.16.0.0/12
        machines[address] = machine
        return address
    }

    func machine(at address: IPAddress) -> Int? { machines[address] }

    // MARK: Ways

    mutating func begin(_ cut: Cut, number: Int) { cuts[number] = cut }
    mutating func end(cut number: Int) { cuts[number] = nil }

    func isOpen(from source: Int, to destination: Int) -> Bool {
        cuts.isEmpty || !cuts.values.contains { $0.blocks(from: source, to: destination) }
    }

    /// How long the next packet takes, with the times that it is lost on the way.
    mutating func delay(from source: Int, to destination: Int) -> Duration {
        var delay = latency(between: source, and: destination)
        delay += delay * (profile.jitter * unit())
        var timeout = profile.retransmissionTimeout
        while profile.lossPerMille > 0, timeout < .seconds(10), Int(generator.next() % 1000) < profile.lossPerMille {
            delay += timeout
            timeout *= 2
        }
        return delay
    }

    /// There and back.
    mutating func roundTrip(between one: Int, and other: Int) -> Duration {
        delay(from: one, to: other) + delay(from: other, to: one)
    }

    private func latency(between one: Int, and other: Int) -> Duration {
        var pair = SeededGenerator(seed: salt ^ UInt64(min(one, other)) << 32 ^ UInt64(max(one, other)))
        let share = Double(pair.next() >> 11) / Double(1 << 53)
        return profile.latency.lowerBound + (profile.latency.upperBound - profile.latency.lowerBound) * (share * share)
    }

    private mutating func unit() -> Double { Double(generator.next() >> 11) / Double(1 << 53) }
}
