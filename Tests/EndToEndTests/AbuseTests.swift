import Foundation
import Synchronization
import Testing
import WeftLaboratory

extension EndToEnd {
    /// Whatever somebody does to a node, it goes on serving the others, and costs little more.
    @Suite(.serialized) struct AbuseTests {
        /// What an adversary may add to a node's memory.
        static let maximumGrowth = 32 << 20
        /// By how much he may delay what another member says.
        static let maximumDelay = Duration.seconds(1)
        /// What the node may take of a processor in a glance once he has gone: more would be work that he has left behind.
        static let mostAtRest = Duration.milliseconds(20)
        static let glance = Duration.milliseconds(400)
        /// Each attack goes on for so long.
        static let length = Duration.seconds(3)

        @Test(arguments: Attack.all) func itGoesOn(attack: Attack) async throws {
            try await Laboratory.with { laboratory in
                var settings = Node.Settings.withoutInterface
                let secret = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
                settings.clusterKey = Data(secret).base64EncodedString()
                let victim = try Node("victim", on: try laboratory.addHost("host-1"), in: laboratory, settings: settings)
                try await victim.waitUntilUp()
                settings.join = victim.host.ipv4
                let friend = try Node("friend", on: try laboratory.addHost("host-2"), in: laboratory, settings: settings)
                try await friend.waitUntil("knows the victim", within: .seconds(10)) { $0.members.count == 2 }
                let before = ProcessFacts.anonymousMemory(victim.process.id)

                let goesOn = Mutex(true)
                let end = ContinuousClock.now + Self.length
                let (attacker, address) = (try laboratory.addHost("host-3"), victim.host.ipv4)
                let attacking = Thread {
                    guard let host = try? attacker.entered() else { return }
                    let scene = Attack.Scene(host: host, victim: address, secret: secret) {
                        ContinuousClock.now < end && goesOn.withLock { $0 }
                    }
                    while scene.goesOn() {
                        // That the victim hangs up is what it should do.
                        do { try attack.round(scene) } catch { usleep(20_000) }
                    }
                    goesOn.withLock { $0 = false }
                }
                attacking.start()

                settings.join = friend.host.ipv4
                let newcomer = try Node("newcomer", on: try laboratory.addHost("host-4"), in: laboratory, settings: settings)
                try await friend.waitUntil("knows the newcomer", within: .seconds(5)) { $0.member("newcomer") != nil }
                try await victim.waitUntil("knows the newcomer", within: Self.maximumDelay) { $0.member("newcomer") != nil }
                var most = 0
                while goesOn.withLock({ $0 }) {
                    most = max(most, ProcessFacts.anonymousMemory(victim.process.id))
                    try await Task.sleep(for: .milliseconds(20))
                }
                print("\(attack.testDescription): \((most - before) / 1024) KiB more")
                #expect(victim.process.poll() == nil && newcomer.process.poll() == nil)
                _ = try await eventually("the victim answers", within: .seconds(20)) { victim.status() }
                try await eventually("the victim is at rest again", within: .seconds(10)) {
                    let before = try #require(ProcessFacts.processorSeconds(victim.process.id))
                    try await Task.sleep(for: Self.glance)
                    let after = try #require(ProcessFacts.processorSeconds(victim.process.id))
                    return .seconds(after - before) <= Self.mostAtRest
                }
                #expect(most - before <= Self.maximumGrowth, "\((most - before) / 1024) KiB")
            }
        }
    }
}
