import IPAddresses
import LinuxNetwork
import PeerHost
import Testing
import UserspaceWireGuard

@testable import WeftDaemon

/// Every error says what to do next, in one line.
@Suite struct DaemonErrorTests {
    /// Each error, and what its text must name.
    private static func all() throws -> [(DaemonError, [String])] {
        let range = try prefix("10.7.0.0/16")
        let address = try #require(SocketAddress("192.0.2.1:7"))
        return [
            (.stateDirectory(path: "/p", reason: "why"), ["/p", "why", "--state-dir"]),
            (.stateDirectoryInUse(path: "/p"), ["/p", "--interface", "--state-dir"]),
            (.stateDamaged(path: "/p", setAside: "/q"), ["/p", "/q", "backup", "--init"]),
            (.stateOfNewerVersion(path: "/p"), ["/p", "newer version", "--init"]),
            (.missingCapability, ["CAP_NET_ADMIN", "sudo", "setcap"]),
            (.overlayOverlapsRoute(range: range, route: try prefix("10.7.3.0/24")), ["10.7.0.0/16", "10.7.3.0/24", "--overlay-net"]),
            (.noFreeOverlay, ["--overlay-net"]),
            (.otherMesh(stored: "one", given: "two"), ["one", "two", "weft leave", "--init"]),
            (.overlayDiffers(token: "one", setting: "two"), ["one", "two", "--overlay-net"]),
            (.joinWithoutSecret, ["--cluster-key", "token"]),
            (.interfaceTaken(name: "weft0", kind: "bridge"), ["weft0", "bridge", "--interface"]),
            (.wireguardMissing(program: nil), ["modprobe wireguard", "wireguard-go"]),
            (.wireguardMissing(program: "boringtun-cli"), ["boringtun-cli", "--wireguard"]),
            (.wireguard("why"), ["why"]),
            (.wireguardPortInUse(7), ["7/udp", "--wireguard-port"]),
            (.cannotListen(.addressInUse(address)), ["192.0.2.1:7", "in use", "--cluster-port"]),
            (.cannotListen(.addressNotAvailable(address)), ["192.0.2.1", "--bind-addr", "--bind-iface"]),
            (.cannotListen(.other(address, reason: "why")), ["192.0.2.1:7", "why", "--bind-addr"]),
            (.noSuchInterface("eth9"), ["eth9", "--bind-iface"]),
            (.localSocket("why"), ["why"]),
            (.webPages("why"), ["why"]),
            (.network("why"), ["why"]),
            (.internalFault("why"), ["why", "report"]),
            (.process("why"), ["why"]),
        ]
    }

    /// A new case must come here too: the compiler says so.
    private func number(_ error: DaemonError) -> Int {
        switch error {
        case .stateDirectory: 0
        case .stateDirectoryInUse: 1
        case .stateDamaged: 2
        case .stateOfNewerVersion: 3
        case .missingCapability: 4
        case .overlayOverlapsRoute: 5
        case .noFreeOverlay: 6
        case .otherMesh: 7
        case .overlayDiffers: 8
        case .joinWithoutSecret: 9
        case .interfaceTaken: 10
        case .wireguardMissing(nil): 11
        case .wireguardMissing: 12
        case .wireguard: 13
        case .wireguardPortInUse: 14
        case .cannotListen(.addressInUse): 15
        case .cannotListen(.addressNotAvailable): 16
        case .cannotListen(.other): 17
        case .noSuchInterface: 18
        case .localSocket: 19
        case .webPages: 20
        case .network: 21
        case .internalFault: 22
        case .process: 23
        }
    }

    @Test func everyTextSaysWhatToDo() throws {
        let all = try Self.all()
        #expect(all.map { number($0.0) } == Array(0...23))
        for (error, words) in all {
            let text = error.description
            #expect(!text.contains("\n") && text.last != " " && text.last != ".", "\(text)")
            for word in words { #expect(text.contains(word), "\(text) does not name \(word)") }
        }
    }

    // MARK: From other rooms

    @Test func anErrorOfOurOwnStaysAsItIs() {
        #expect(DaemonError(DaemonError.noFreeOverlay) == .noFreeOverlay)
    }

    @Test func theKernelsErrorsAreTranslated() {
        func translated(_ kind: LinuxNetworkError.Kind) -> DaemonError {
            DaemonError(LinuxNetworkError(kind, call: "create interface", interface: "weft0"), wireguardPort: 9)
        }
        #expect(translated(.permissionDenied) == .missingCapability)
        #expect(translated(.portInUse) == .wireguardPortInUse(9))
        #expect(translated(.nameTaken(owner: "bridge")) == .interfaceTaken(name: "weft0", kind: "bridge"))
        #expect(translated(.nameTaken(owner: nil)) == .interfaceTaken(name: "weft0", kind: "unknown"))
        for kind in [LinuxNetworkError.Kind.notSupported, .alreadyExists, .noSuchInterface, .invalid, .overflow, .timedOut, .other] {
            guard case .network(let text) = translated(kind) else { Issue.record("\(kind)"); continue }
            #expect(text.contains("create interface weft0"))
        }
    }

    @Test func theProgramsErrorsAreTranslated() {
        guard case .wireguard(let text) = DaemonError(UserspaceWireGuardError(.startTimedOut, interface: "weft0", program: "wireguard-go"))
        else {
            Issue.record("another kind")
            return
        }
        #expect(text.contains("wireguard-go"))
    }

    @Test func anyOtherErrorKeepsItsWords() {
        struct Odd: Error, CustomStringConvertible { let description = "odd" }
        #expect(DaemonError(Odd()) == .network("odd"))
    }
}
