import Multiformats
import PeerConnection
import SecureChannel
import Testing
import Timeline
import WeftTestKit

@testable import TLSChannel

/// Whole connections over TLS, two machines back to back.
@Suite struct TLSConnectionTests {
    private static let messages = MessageProtocol(ids: ["/test/1"], maximumFrameBytes: 1 << 20, opensAtOnce: true)
    private static let tls: [any SecurityProtocol] = [TLSSecurity { now }]
    private static let both: [any SecurityProtocol] = [NoiseSecurity(), TLSSecurity { now }]
    private static let noise: [any SecurityProtocol] = [NoiseSecurity()]

    private struct End {
        var machine: PeerConnection
        var sent: [UInt8] = []
        var news: [PeerConnection.Action] = []

        init(
            _ role: PeerConnection.Role, _ number: UInt8, _ security: [any SecurityProtocol], key: PrivateNetworkKey?,
            expecting: PeerID? = nil
        ) throws {
            var random = SeededGenerator(seed: UInt64(number))
            machine = try PeerConnection(
                role: role,
                configuration: ConnectionConfiguration(
                    identity: identity(number), networkKey: key, security: security, messageProtocols: [messages], agentVersion: "test"),
                expectedPeer: expecting, remoteAddress: nil, listenAddresses: [], entropy: ConnectionEntropy(from: &random), now: .origin)
            note(machine.start())
        }

        mutating func note(_ actions: [PeerConnection.Action]) {
            for action in actions { if case .write(let bytes) = action { sent += bytes } else { news.append(action) } }
        }

        var failure: ConnectionFailure? {
            if case .close(let failure)? = news.last { failure } else { nil }
        }

        var frames: [[UInt8]] { news.compactMap { if case .message(_, let frame) = $0 { frame } else { nil } } }
    }

    private func settle(_ dialer: inout End, _ listener: inout End, chunk: Int = .max) {
        func carry(_ from: inout End, _ to: inout End) -> Bool {
            guard !from.sent.isEmpty else { return false }
            let bytes = Array(from.sent.prefix(chunk))
            from.sent.removeFirst(bytes.count)
            to.note(to.machine.handle(.received(bytes), now: .origin))
            return true
        }
        while carry(&dialer, &listener) || carry(&listener, &dialer) {}
    }

    @Test(arguments: [7, nil] as [UInt8?], [Int.max, 1]) func carriesMessages(secret: UInt8?, chunk: Int) throws {
        let key = secret.flatMap { PrivateNetworkKey(bytes: [UInt8](repeating: $0, count: PrivateNetworkKey.byteCount)) }
        var dialer = try End(.dialer, 1, Self.tls, key: key, expecting: identity(2).peerID)
        var listener = try End(.listener, 2, Self.tls, key: key)
        settle(&dialer, &listener, chunk: chunk)
        #expect(try dialer.machine.remotePeer == identity(2).peerID)
        #expect(try listener.machine.remotePeer == identity(1).peerID)
        let frame = [UInt8](repeating: 5, count: 5000)
        dialer.note(dialer.machine.handle(.send(Self.messages, frame: frame), now: .origin))
        listener.note(listener.machine.handle(.send(Self.messages, frame: [6]), now: .origin))
        settle(&dialer, &listener, chunk: chunk)
        #expect(listener.frames == [frame])
        #expect(dialer.frames == [[6]])
    }

    @Test func whoPrefersNoiseMeetsWhoSpeaksTLSAlone() throws {
        for (ours, theirs) in [(Self.both, Self.tls), (Self.tls, Self.both)] {
            var dialer = try End(.dialer, 1, ours, key: nil)
            var listener = try End(.listener, 2, theirs, key: nil)
            settle(&dialer, &listener)
            #expect(dialer.machine.remotePeer != nil && listener.machine.remotePeer != nil)
        }
    }

    @Test func noiseIsPreferred() throws {
        let security = TLSSecurity { now }
        var dialer = try End(.dialer, 1, [NoiseSecurity(), security], key: nil)
        var listener = try End(.listener, 2, [NoiseSecurity(), security], key: nil)
        settle(&dialer, &listener)
        #expect(dialer.machine.remotePeer != nil)
        #expect(!security.hasCredentials)
    }

    @Test func nothingInCommonIsTold() throws {
        var dialer = try End(.dialer, 1, Self.noise, key: nil)
        var listener = try End(.listener, 2, Self.tls, key: nil)
        settle(&dialer, &listener)
        #expect(dialer.failure == .noCommonProtocol(layer: "security"))
    }

    @Test func whoIsExpectedIsChecked() throws {
        let (expected, found) = try (identity(3).peerID, identity(2).peerID)
        var dialer = try End(.dialer, 1, Self.tls, key: nil, expecting: expected)
        var listener = try End(.listener, 2, Self.tls, key: nil)
        settle(&dialer, &listener)
        #expect(dialer.failure == .unexpectedPeer(expected: expected, found: found))
        #expect(listener.failure.map { "\($0)".hasPrefix("handshake failed: TLS: the other side refused") } == true)
    }

    @Test func theUpgradesTimeHoldsForTLS() throws {
        var listener = try End(.listener, 2, Self.tls, key: nil)
        var dialer = try End(.dialer, 1, Self.tls, key: nil)
        listener.note(listener.machine.handle(.received(dialer.sent), now: .origin))
        dialer.sent = []
        let deadline = try #require(listener.machine.nextDeadline)
        #expect(deadline == .origin + .seconds(15))
        listener.note(listener.machine.handle(.deadlineReached, now: deadline))
        #expect(listener.failure == .upgradeTimedOut)
    }

    @Test func goodbyeIsSaidInBothLanguages() throws {
        var dialer = try End(.dialer, 1, Self.tls, key: nil)
        var listener = try End(.listener, 2, Self.tls, key: nil)
        settle(&dialer, &listener)
        dialer.note(dialer.machine.handle(.goAway, now: .origin))
        settle(&dialer, &listener)
        #expect(listener.machine.peerSaidGoodbye)
        #expect(listener.failure == nil)
    }
}
