import FoundationEssentials
import Mesh
import Multiformats
import Testing
import WeftTestKit
import WireGuard

@testable import WeftDaemon

@Suite struct NodeStateTests {
    private func state(mesh: Bool) throws -> NodeState {
        let key = try #require(WireGuardPrivateKey(bytes: [UInt8](repeating: 5, count: 32)))
        return NodeState(
            identity: try Identity(seed: [UInt8](repeating: 3, count: 32)), wireguardKey: key, mesh: mesh ? try token(1) : nil)
    }

    @Test(arguments: [true, false])
    func comesBackAsItWas(mesh: Bool) throws {
        let state = try state(mesh: mesh)
        let read = try #require(NodeState(json: state.json))
        #expect(read.identity.peerID == state.identity.peerID && read.identity.seed == state.identity.seed)
        #expect(read.wireguardKey == state.wireguardKey && read.mesh == state.mesh)
        #expect(read.wireguardPublicKey != nil)
    }

    @Test func aFreshOneIsOneOfItsKind() throws {
        let (one, two) = (try NodeState.fresh(), try NodeState.fresh())
        #expect(one.identity.peerID != two.identity.peerID && one.wireguardKey != two.wireguardKey && one.mesh == nil)
    }

    /// The key pair of RFC 7748 section 6.1.
    @Test func thePublicKeyIsTheOtherHalf() throws {
        var state = try state(mesh: false)
        let key = hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
        state.wireguardKey = try #require(WireGuardPrivateKey(bytes: key))
        let expected = hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
        #expect(state.wireguardPublicKey?.bytes == expected)
    }

    @Test(arguments: ["identity", "wireguard_key", "version", "checksum"])
    func nothingMayBeMissing(key: String) throws {
        let text = String(decoding: try state(mesh: true).json, as: UTF8.self)
        let lines = text.split(separator: "\n").filter { !$0.contains("\"\(key)\"") }
        #expect(NodeState(json: Data(lines.joined(separator: "\n").utf8)) == nil)
    }

    @Test func theMeshMayNotGetLost() throws {
        let text = String(decoding: try state(mesh: true).json, as: UTF8.self)
        #expect(NodeState(json: Data(text.replacing("\"mesh\"", with: "\"lesh\"").utf8)) == nil)
    }

    @Test func anotherVersionIsNotRead() throws {
        let text = String(decoding: try state(mesh: true).json, as: UTF8.self)
        #expect(NodeState(json: Data(text.replacing("\"version\" : 1", with: "\"version\" : 2").utf8)) == nil)
    }

    /// A flipped bit leaves the state as it was, or makes the file unreadable; never another identity, key or mesh.
    @Test func aFlippedBitIsNeverAnotherNode() throws {
        let state = try state(mesh: true)
        let json = [UInt8](state.json)
        for index in json.indices {
            for bit in 0..<8 {
                var damaged = json
                damaged[index] ^= 1 << UInt8(bit)
                guard let read = NodeState(json: Data(damaged)) else { continue }
                let isSame = read.identity.seed == state.identity.seed && read.wireguardKey == state.wireguardKey && read.mesh == state.mesh
                if !isSame { Issue.record("byte \(index), bit \(bit)") }
            }
        }
    }

    @Test func neverTrapsOnWhatIsNoState() throws {
        var generator = SeededGenerator(seed: testSeed("NodeState fuzz"))
        let corpus = [[UInt8](try state(mesh: true).json), [UInt8](try state(mesh: false).json)]
        for round in 0..<20_000 {
            let bytes = generator.mutated(corpus[round % 2], among: corpus)
            guard let read = NodeState(json: Data(bytes)) else { continue }
            #expect(read.identity.seed == [UInt8](repeating: 3, count: 32))
        }
    }
}
