import GossipSub
import IPAddresses
import Logging
import Mesh
import Multiformats
import PeerConnection
import PeerHost
import Testing

@testable import WeftDaemon

@Suite struct WordingTests {
    private static func peer(_ byte: UInt8) throws -> PeerID { try Identity(seed: [UInt8](repeating: byte, count: 32)).peerID }

    private static func notices() throws -> [(ControlPlane.Notice, Logger.Level, Set<String>)] {
        let (peer, range) = (try peer(1), try prefix("10.7.0.0/16"))
        let name = NodeName(hostname: "host-a")
        return [
            (.addressLost(range.address, to: peer, replacement: nil), .warning, ["address", "peer", "replacement"]),
            (.presetAddressRefused(range.address), .warning, ["address"]),
            (.rangeFull(range), .warning, ["range"]),
            (.nameLost(name, to: peer, shownAs: name), .warning, ["name", "peer", "shown"]),
            (.nameRegained(name), .notice, ["name"]),
            (.ownRecordSuperseded(sequence: 7), .notice, ["sequence"]),
            (.cloneDetected(peer), .warning, ["peer"]),
            (.syncRefused(from: peer, .malformed), .debug, ["peer", "reason"]),
        ]
    }

    @Test(arguments: [
        (ForgetObstacle.unknown, "weft status"), (.itself, "weft leave"), (.connected, "weft leave"), (.notUnreachable, "try again"),
        (.lostJustNow(wait: .milliseconds(4200)), "in 5 s"),
    ])
    func whoIsNotForgottenIsSaid(obstacle: ForgetObstacle, advice: String) {
        let text = obstacle.advice("host-b")
        #expect(text.contains("host-b") && text.contains(advice) && !text.contains("\n"), "\(text)")
    }

    @Test func everyNoticeHasWordsFieldsAndALevel() throws {
        for (notice, level, fields) in try Self.notices() {
            #expect(notice.level == level)
            #expect(Set(notice.metadata.keys) == fields)
            let message = notice.message.description
            #expect(!message.isEmpty && !message.hasSuffix(".") && !message.contains("\n"))
            for value in notice.metadata.values { #expect(!"\(value)".isEmpty) }
        }
    }

    @Test func everyMessageIsItsOwn() throws {
        let messages = try Self.notices().map { $0.0.message.description }
        #expect(Set(messages).count == messages.count)
    }

    @Test func changesNameTheirPeer() throws {
        let peer = try Self.peer(1)
        let changes: [(ControlPlane.MembershipChange, String)] = [
            (.joined(peer), "member joined"), (.changed(peer), "member changed"), (.left(peer), "member left"),
            (.expired(peer), "member expired"),
        ]
        for (change, message) in changes {
            #expect(change.message.description == message && change.metadata["peer"]?.description == peer.description)
        }
    }

    @Test func targetsAreNamed() throws {
        let peer = try Self.peer(1)
        let host = try #require(JoinHost("host-b:7", defaultPort: 1)).multiaddr
        #expect(PeeringPlanner<SystemRandomNumberGenerator>.Target.peer(peer).label == peer.description)
        #expect(PeeringPlanner<SystemRandomNumberGenerator>.Target.host(host).label == "host-b:7")
        let address = try #require(JoinHost("[fd00::1]:7", defaultPort: 1)).multiaddr
        #expect(PeeringPlanner<SystemRandomNumberGenerator>.Target.host(address).label == "[fd00::1]:7")
    }

    @Test func whoCannotJoinIsToldWhatToDo() throws {
        let (one, two) = (try Self.peer(1), try Self.peer(2))
        let advice: [(DialError, String)] = [
            (.failed(.otherNetwork), "--cluster-key"), (.failed(.closedDuringUpgrade), "--cluster-key"),
            (.failed(.unexpectedPeer(expected: one, found: two)), "fresh token"), (.unreachable(reason: "refused"), "refused"),
            (.unknownHost("host-b"), "host-b"), (.failed(.upgradeTimedOut), "in time"),
        ]
        for (error, words) in advice { #expect(error.advice.contains(words), "\(error.advice)") }
    }

    @Test func verdictsAreTheSame() {
        #expect(Verdict(.accept) == .accept)
        #expect(Verdict(.ignore) == .ignore)
        #expect(Verdict(.reject) == .reject)
    }
}
