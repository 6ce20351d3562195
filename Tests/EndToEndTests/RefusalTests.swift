import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    /// What cannot work is said, in words that name the cause.
    @Suite(.serialized) struct RefusalTests {
        private typealias Settings = Node.Settings

        @Test func aWrongSecretIsSaid() async throws {
            try await Laboratory.with { laboratory in
                var first = Settings()
                first.clusterKey = EndToEnd.randomKey()
                var mesh = try await TestMesh(in: laboratory, first: first)
                let host = mesh.nodes[0].host.ipv4
                let stranger = try mesh.addNode {
                    $0.join = host
                    $0.clusterKey = EndToEnd.randomKey()
                }
                // It may go on trying (the other side may get the right secret), but it says why it does not succeed.
                try await stranger.waitUntilSays(#/(?i)secret|cluster.key/#, within: .seconds(15))
                #expect(mesh.nodes[0].status()?.members.count == 1)
            }
        }

        /// As in a chroot that nobody has made ready.
        @Test func withoutProcNothingIsStarted() async throws {
            try await Laboratory.with { laboratory in
                let binary = try #require(WeftBinary.path)
                let hide = "mount -t tmpfs none /proc && exec \(binary) --version"
                let host = try laboratory.addHost("host-1")
                let error = #expect(throws: LaboratoryError.self) { try host.run(["unshare", "--mount", "sh", "-c", hide]) }
                #expect(error.map { "\($0)" }?.contains("/proc is not mounted") == true)
            }
        }

        @Test(arguments: ["flip", "cut", "extend"])
        func aDamagedTokenIsRefused(damage: String) async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                let damaged = Self.damage(mesh.token, damage)
                let node = try mesh.addNode { $0.join = damaged }
                try await expectRefusal(node, #/(?i)token/#)
                #expect(!node.log.contains(damaged))
            }
        }

        private static func damage(_ token: String, _ how: String) -> String {
            var characters = Array(token)
            let middle = characters.count / 2
            switch how {
            case "cut": characters.removeLast(characters.count / 4)
            case "extend": characters += "abcd"
            default: characters[middle] = characters[middle] == "b" ? "c" : "b"
            }
            return String(characters)
        }

        @Test func aClusterPortInUseIsSaid() async throws {
            try await expectPortConflict(#/(?i)7100.*in use|in use.*7100/#) { first, second in
                first.clusterPort = 7100
                second.clusterPort = 7100
                second.wireguardPort = 7101
            }
        }

        @Test func aWireGuardPortInUseIsSaid() async throws {
            try await expectPortConflict(#/(?i)7100.*in use|in use.*7100/#) { first, second in
                first.wireguardPort = 7100
                second.wireguardPort = 7100
                second.clusterPort = 7101
            }
        }

        /// A second node on the same host.
        private func expectPortConflict(_ words: Regex<some Any>, _ settle: (inout Settings, inout Settings) -> Void) async throws {
            try await Laboratory.with { laboratory in
                var first = Settings()
                var second = Settings()
                settle(&first, &second)
                var mesh = try await TestMesh(in: laboratory, first: first)
                second.join = mesh.token
                let node = try mesh.addNode(on: mesh.nodes[0].host) { $0 = second }
                try await expectRefusal(node, words)
            }
        }

        /// 5.5.5.250 is nobody; names under .invalid do not exist (RFC 6761).
        @Test(arguments: ["5.5.5.250", "nobody.invalid"])
        func anUnknownHostToJoinIsSaidAndTriedAgain(host: String) async throws {
            try await Laboratory.with { laboratory in
                var settings = Settings()
                settings.join = host
                settings.clusterKey = EndToEnd.randomKey()
                let node = try Node("node-1", on: try laboratory.addHost("host-1"), in: laboratory, settings: settings)
                try await node.waitUntilSays(try Regex(NSRegularExpression.escapedPattern(for: host)), within: .seconds(20))
                try await node.waitUntilUp()
                #expect(node.process.poll() == nil)
            }
        }

        @Test func aHostThatComesLaterIsJoined() async throws {
            try await Laboratory.with { laboratory in
                let key = EndToEnd.randomKey()
                let hosts = [try laboratory.addHost("host-1"), try laboratory.addHost("host-2")]
                var settings = Settings()
                settings.clusterKey = key
                settings.join = hosts[0].ipv4
                let early = try Node("early", on: hosts[1], in: laboratory, settings: settings)
                try await early.waitUntilUp()
                settings.join = nil
                let late = try Node("late", on: hosts[0], in: laboratory, settings: settings)
                try await early.waitForPing(of: late, within: .seconds(60))
            }
        }

        @Test func anOverlayThatOverlapsALocalRouteIsRefused() async throws {
            try await Laboratory.with { laboratory in
                let host = try laboratory.addHost("host-1")
                try host.ip(["route", "add", "10.99.0.0/16", "dev", LabHost.link])
                var settings = Settings()
                settings.overlayNets = ["10.99.1.0/24"]
                let node = try Node("node-1", on: host, in: laboratory, settings: settings)
                try await expectRefusal(node, #/10\.99\./#)
            }
        }

        @Test func anInterfaceNameThatIsTakenIsRefused() async throws {
            try await Laboratory.with { laboratory in
                let host = try laboratory.addHost("host-1")
                var settings = Settings()
                let interface = laboratory.newInterfaceName()
                settings.interface = interface
                try host.ip(["link", "add", interface, "type", "veth", "peer", "name", "other"])
                let node = try Node("node-1", on: host, in: laboratory, settings: settings)
                _ = try await node.waitUntilEnded(within: EndToEnd.refusal)
                #expect(node.process.poll() != .exited(0))
                #expect(node.process.errors.contains(interface))
                // It is somebody else's.
                #expect(host.hasInterface(interface))
            }
        }

        /// Not even with ports and a state of its own; and the first goes on.
        @Test func aSecondNodeOnTheSameInterfaceIsRefused() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                let first = mesh.nodes[0]
                let second = try mesh.addNode(on: first.host) {
                    $0.interface = first.interface
                    $0.clusterPort = 7100
                    $0.wireguardPort = 7101
                }
                #expect(try await second.waitUntilEnded(within: EndToEnd.refusal) == .exited(1))
                #expect(second.process.errors.contains(#/interface \S+ exists already/#), "\(second.process.tail)")
                #expect(first.host.hasInterface(first.interface) && first.status()?.members.count == 1)
            }
        }

        @Test(.enabled(if: Tools.find("setpriv") != nil, "needs setpriv: run scripts/setup test"))
        func aMissingCapabilityIsSaid() async throws {
            try await Laboratory.with { laboratory in
                var settings = Settings()
                settings.wrapper = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"]
                let node = try Node("node-1", on: try laboratory.addHost("host-1"), in: laboratory, settings: settings)
                try await expectRefusal(node, #/(?i)cap_net_admin/#)
            }
        }

        @Test(.enabled(if: Requirements.kernelWireGuard != nil, "this kernel has WireGuard"))
        func missingWireGuardIsSaid() async throws {
            try await Laboratory.with { laboratory in
                var settings = Settings()
                settings.wireguard = "auto"
                settings.environment["PATH"] = ""
                let node = try Node("node-1", on: try laboratory.addHost("host-1"), in: laboratory, settings: settings)
                try await expectRefusal(node, #/wireguard-go/#)
            }
        }

        /// It ends with another status than 0, leaves no interface, and its standard error names the cause.
        private func expectRefusal(_ node: Node, _ words: Regex<some Any>, sourceLocation: SourceLocation = #_sourceLocation) async throws {
            let end = try await node.waitUntilEnded(within: EndToEnd.refusal)
            guard case .exited(let status) = end, status != 0 else {
                Issue.record("\(node.name) ended by \(end)", sourceLocation: sourceLocation)
                return
            }
            #expect(node.process.errors.firstMatch(of: words) != nil, "\(node.process.tail)", sourceLocation: sourceLocation)
            #expect(!node.host.hasInterface(node.interface), sourceLocation: sourceLocation)
        }
    }
}
