import Testing

@testable import Diagnosis

private func verdict(
    peering: String? = nil, endpoint: String? = "192.0.2.2:10042", handshake: Int? = 3, tunnel: Bool
) -> PathVerdict {
    PathVerdict(
        .init(
            name: "host-b", peeringPort: 10042, peeringProblem: peering, endpoint: endpoint, handshakeAge: handshake,
            hasTunnelAnswered: tunnel))
}

@Suite struct PathVerdictTests {
    @Test func allIsWell() {
        #expect(verdict(tunnel: true).isReached)
        #expect(verdict(tunnel: true).advice == nil)
    }

    @Test func aTunnelWithoutPeeringIsNoFault() {
        let verdict = verdict(peering: "connection refused", tunnel: true)
        #expect(verdict.isReached)
        #expect(verdict.advice?.contains("open TCP port 10042 there") == true)
        #expect(verdict.advice?.contains("connection refused") == true)
    }

    @Test func withoutAnEndpointNothingCanBeSent() {
        #expect(verdict(endpoint: nil, handshake: nil, tunnel: false).advice?.contains("has no address of host-b") == true)
    }

    @Test(arguments: [nil, PathVerdict.sessionSeconds + 1]) func withoutAHandshakeUDPIsBlocked(handshake: Int?) {
        let advice = verdict(handshake: handshake, tunnel: false).advice
        #expect(advice?.contains("UDP is blocked") == true)
        #expect(advice?.contains("192.0.2.2:10042") == true)
    }

    @Test(arguments: [nil, 5]) func withoutPeeringEitherItIsAway(handshake: Int?) {
        let advice = verdict(peering: "no answer", handshake: handshake, tunnel: false).advice
        #expect(advice?.contains("switched off, or cut off") == true)
        #expect(advice?.contains("heard of it 5 s ago") == (handshake != nil))
    }

    @Test(arguments: [0, PathVerdict.sessionSeconds]) func withAFreshHandshakeItIsAFirewallThere(handshake: Int) {
        let advice = verdict(handshake: handshake, tunnel: false).advice
        #expect(advice?.contains("a firewall there") == true)
    }

    @Test func silenceIsNotReached() {
        #expect(!verdict(tunnel: false).isReached)
    }
}
