import Foundation
import IPAddresses
import Synchronization
import Testing
import WeftLaboratory
import WireGuard

@testable import UserspaceWireGuard

private let missing = Requirements.userspaceWireGuard

@Suite(.serialized, .enabled(if: missing == nil, Comment(rawValue: missing ?? "")))
struct UserspaceWireGuardDeviceTests {
    @Test func holdsWhatIsApplied() async throws {
        try await Laboratory.with { laboratory in
            let device = try await start(on: laboratory.addHost("host"), in: laboratory)
            let peer = try #require(WireGuardPublicKey(bytes: [UInt8](repeating: 9, count: 32)))
            let allowed = try Set(["10.0.0.0/24", "fd00::/64"].map { try #require(IPPrefix($0)) })
            let preshared = try #require(WireGuardPresharedKey(bytes: [UInt8](repeating: 7, count: 32)))
            let endpoint = try #require(SocketAddress("[2005:5:5::9]:51820"))
            let change = PeerChange(publicKey: peer, presharedKey: preshared, endpoint: endpoint, allowedIPs: allowed, keepaliveSeconds: 25)
            try await device.apply([.setPrivateKey(key(1)), .setListenPort(5042), .setPeer(change)])
            var state = try await device.observe()
            #expect(state.listenPort == 5042)
            #expect(state.publicKey?.description == "pOCSkrZRwni5dyxWn1+puxPZBrRqtoyd+dwrRAn4ogk=")
            #expect(state.peers.count == 1)
            var expected = PeerState(presharedKey: preshared, endpoint: endpoint, allowedIPs: allowed, keepaliveSeconds: 25)
            // The device tries a handshake at once.
            expected.sentBytes = state.peers[peer]?.sentBytes ?? 0
            #expect(state.peers[peer] == expected)
            try await device.apply([.setPeer(PeerChange(publicKey: peer, allowedIPs: [], keepaliveSeconds: 0))])
            state = try await device.observe()
            #expect(state.peers[peer]?.allowedIPs == [] && state.peers[peer]?.keepaliveSeconds == 0)
            #expect(state.peers[peer]?.endpoint == endpoint && state.peers[peer]?.presharedKey == preshared)
            try await device.apply([.removePeer(peer)])
            #expect(try await device.observe().peers.isEmpty)
            await device.remove()
        }
    }

    @Test func twoDevicesReachEachOther() async throws {
        try await Laboratory.with { laboratory in
            let hosts = [try laboratory.addHost("left"), try laboratory.addHost("right")]
            var devices: [UserspaceWireGuardDevice] = []
            var keys: [WireGuardPublicKey] = []
            for (index, host) in hosts.enumerated() {
                let device = try await start(on: host, in: laboratory)
                try await device.apply([.setPrivateKey(key(UInt8(index + 1))), .setListenPort(5042)])
                keys.append(try #require(try await device.observe().publicKey))
                try host.ip(["addr", "add", "10.42.0.\(index + 1)/24", "dev", device.interface])
                try host.ip(["link", "set", device.interface, "up"])
                devices.append(device)
            }
            for (index, device) in devices.enumerated() {
                let other = 1 - index
                let address = try #require(IPAddress("10.42.0.\(other + 1)"))
                let endpoint = try #require(SocketAddress("\(hosts[other].ipv4):5042"))
                let change = PeerChange(publicKey: keys[other], endpoint: endpoint, allowedIPs: [IPPrefix(host: address)])
                try await device.apply([.setPeer(change)])
            }
            try await hosts[0].waitForPing("10.42.0.2", within: .seconds(15))
            let peer = try #require(try await devices[0].observe().peers[keys[1]])
            #expect(peer.lastHandshake != nil && peer.receivedBytes > 0 && peer.sentBytes > 0)
            for device in devices { await device.remove() }
        }
    }

    @Test func removeLeavesNothing() async throws {
        try await Laboratory.with { laboratory in
            let host = try laboratory.addHost("host")
            let ended = Mutex<[UserspaceWireGuardError]>([])
            let device = try await start(on: host, in: laboratory) { error in ended.withLock { $0.append(error) } }
            let process = try #require(await device.processID)
            #expect(host.hasInterface(device.interface))
            await device.remove()
            #expect(!isAlive(process))
            #expect(!host.hasInterface(device.interface))
            #expect(!FileManager.default.fileExists(atPath: uapiSocketPath(device.interface)))
            await device.remove()
            await #expect(throws: UserspaceWireGuardError.self) { try await device.observe() }
            #expect(ended.withLock { $0.isEmpty })
        }
    }

    @Test func aDeviceThatIsForgottenEnds() async throws {
        try await Laboratory.with { laboratory in
            let process: pid_t
            do {
                let device = try await start(on: laboratory.addHost("host"), in: laboratory)
                process = try #require(await device.processID)
            }
            try await eventually("the program ends", within: .seconds(5)) { !isAlive(process) }
        }
    }

    @Test func tellsWhenTheInterfaceIsRemoved() async throws {
        try await Laboratory.with { laboratory in
            let host = try laboratory.addHost("host")
            let ended = Mutex<[UserspaceWireGuardError]>([])
            let device = try await start(on: host, in: laboratory) { error in ended.withLock { $0.append(error) } }
            try host.ip(["link", "delete", device.interface])
            try await eventually("the end is told", within: .seconds(5)) { ended.withLock { $0.count == 1 } }
            let error = await #expect(throws: UserspaceWireGuardError.self) { try await device.observe() }
            #expect(error.map { [$0] } == ended.withLock { $0 })
            guard case .ended = error?.kind else { throw LaboratoryError("unexpected: \(String(describing: error))") }
            await device.remove()
        }
    }

    @Test func aKilledProgramLeavesNothingInTheWay() async throws {
        try await Laboratory.with { laboratory in
            let host = try laboratory.addHost("host")
            let program = try wireguardGo(on: host, in: laboratory)
            let interface = laboratory.newInterfaceName()
            let ended = Mutex<[UserspaceWireGuardError]>([])
            let device = try await UserspaceWireGuardDevice.start(program, interface: interface) { error in
                ended.withLock { $0.append(error) }
            }
            kill(try #require(await device.processID), SIGKILL)
            try await eventually("the end is told", within: .seconds(5)) { ended.withLock { $0.count == 1 } }
            #expect(ended.withLock { $0.first?.kind } == .ended(ChildEnd(status: .killed(signal: SIGKILL), lastLine: "")))
            let again = try await UserspaceWireGuardDevice.start(program, interface: interface)
            await again.remove()
            await device.remove()
        }
    }

    @Test func theSocketFileOfADeadProcessDoesNotBlock() async throws {
        try await Laboratory.with { laboratory in
            let host = try laboratory.addHost("host")
            let interface = laboratory.newInterfaceName()
            let foreign = try laboratory.start(["wireguard-go", "-f", interface], on: host, log: "foreign")
            try await eventually("its socket is there", within: .seconds(5)) {
                FileManager.default.fileExists(atPath: uapiSocketPath(interface))
            }
            foreign.signal(SIGKILL)
            try foreign.wait(atMost: .seconds(5))
            #expect(FileManager.default.fileExists(atPath: uapiSocketPath(interface)))
            let device = try await UserspaceWireGuardDevice.start(wireguardGo(on: host, in: laboratory), interface: interface)
            _ = try await device.observe()
            await device.remove()
        }
    }

    @Test func aNameInAnotherNamespaceIsTold() async throws {
        try await Laboratory.with { laboratory in
            let first = try await start(on: laboratory.addHost("left"), in: laboratory)
            let program = try wireguardGo(on: laboratory.addHost("right"), in: laboratory)
            let error = await #expect(throws: UserspaceWireGuardError.self) {
                try await UserspaceWireGuardDevice.start(program, interface: first.interface)
            }
            #expect(error?.kind == .socketTaken)
            _ = try await first.observe()
            await first.remove()
        }
    }

    @Test func theLastWordsOfAProgramThatCannotStartAreTold() async throws {
        try await Laboratory.with { laboratory in
            let host = try laboratory.addHost("host")
            let interface = laboratory.newInterfaceName()
            try host.ip(["link", "add", interface, "type", "veth", "peer", "name", "other"])
            let error = await #expect(throws: UserspaceWireGuardError.self) {
                try await UserspaceWireGuardDevice.start(wireguardGo(on: host, in: laboratory), interface: interface)
            }
            guard case .ended(let end) = error?.kind else { throw LaboratoryError("unexpected: \(String(describing: error))") }
            #expect(end.status == .exited(1))
            #expect(end.lastLine.contains("TUN"))
        }
    }

    @Test func aPortInUseIsTold() async throws {
        try await Laboratory.with { laboratory in
            let host = try laboratory.addHost("host")
            var devices: [UserspaceWireGuardDevice] = []
            for _ in 0..<2 {
                devices.append(try await start(on: host, in: laboratory))
                try host.ip(["link", "set", devices[devices.count - 1].interface, "up"])
            }
            try await devices[0].apply([.setListenPort(5042)])
            let error = await #expect(throws: UserspaceWireGuardError.self) { try await devices[1].apply([.setListenPort(5042)]) }
            #expect(error?.kind == .refused(errno: EADDRINUSE))
            for device in devices { await device.remove() }
        }
    }

    @Test func theProgramGetsNothingOfOurs() async throws {
        try await Laboratory.with { laboratory in
            let device = try await start(on: laboratory.addHost("host"), in: laboratory)
            try await device.apply([.setPrivateKey(key(0x61))])
            let process = try #require(await device.processID)
            let words = ProcessFacts.allCommandLines()[process]?.split(separator: "\0").map(String.init)
            #expect(words == [try #require(Tools.find("wireguard-go")), "-f", device.interface])
            // The shell of the script adds PWD.
            let variables = ProcessFacts.environment(process).split(separator: "\0").map(String.init).filter { !$0.hasPrefix("PWD=") }
            #expect(Set(variables) == ["LOG_LEVEL=error", "WG_PROCESS_FOREGROUND=1"])
            await device.remove()
        }
    }

    /// In the namespace of the tests themselves: the interface has no address and stays down.
    @Test func anOpenedTunIsPassedOn() async throws {
        try await Laboratory.with { laboratory in
            let program = UserspaceProgram(kind: .wireguardGo, path: try #require(Tools.find("wireguard-go")))
            let interface = laboratory.newInterfaceName()
            let access = try TunAccess()
            let device = try await UserspaceWireGuardDevice.start(program, interface: interface, tun: access)
            #expect(if_nametoindex(interface) != 0)
            let other = laboratory.newInterfaceName()
            let error = await #expect(throws: UserspaceWireGuardError.self) {
                try await UserspaceWireGuardDevice.start(program, interface: other, tun: access)
            }
            #expect(error?.kind == .systemCall("TUNSETIFF", errno: EBADF))
            try await device.apply([.setListenPort(0), .setPrivateKey(key(3))])
            #expect(try await device.observe().publicKey != nil)
            await device.remove()
            #expect(if_nametoindex(interface) == 0)
        }
    }

    private func start(
        on host: LabHost, in laboratory: Laboratory, onEnd: @escaping @Sendable (UserspaceWireGuardError) -> Void = { _ in }
    ) async throws -> UserspaceWireGuardDevice {
        try await UserspaceWireGuardDevice.start(
            wireguardGo(on: host, in: laboratory), interface: laboratory.newInterfaceName(), onEnd: onEnd)
    }
}
