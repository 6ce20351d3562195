/// Where the way to a member breaks, and what to do: made from what was found on each of its parts.
package struct PathVerdict: Hashable, Sendable {
    /// What was found.
    package struct Findings: Hashable, Sendable {
        package var name: String
        /// Of the member that is asked.
        package var peeringPort: Int
        /// Why no peering connection stands; `nil` if one does.
        package var peeringProblem: String?
        /// Where WireGuard sends to.
        package var endpoint: String?
        /// Age in seconds of WireGuard's last handshake.
        package var handshakeAge: Int?
        package var hasTunnelAnswered: Bool

        package init(
            name: String, peeringPort: Int, peeringProblem: String?, endpoint: String?, handshakeAge: Int?, hasTunnelAnswered: Bool
        ) {
            self.name = name
            self.peeringPort = peeringPort
            self.peeringProblem = peeringProblem
            self.endpoint = endpoint
            self.handshakeAge = handshakeAge
            self.hasTunnelAnswered = hasTunnelAnswered
        }
    }

    /// WireGuard makes a new handshake after two minutes, and gives up a session after three (its REJECT_AFTER_TIME).
    static let sessionSeconds = 180

    /// Packets come there and back.
    package let isReached: Bool
    /// A sentence for the user; `nil` if all is well.
    package let advice: String?

    package init(_ findings: Findings) {
        isReached = findings.hasTunnelAnswered
        advice = findings.hasTunnelAnswered ? Self.peeringAdvice(findings) : Self.tunnelAdvice(findings)
    }

    private static func peeringAdvice(_ findings: Findings) -> String? {
        guard let problem = findings.peeringProblem else { return nil }
        return """
            WireGuard reaches \(findings.name), but no peering connection does (\(problem)). That does no harm while others bring its news; \
            if nobody can connect to it, open TCP port \(findings.peeringPort) there.
            """
    }

    private static func tunnelAdvice(_ findings: Findings) -> String {
        let name = findings.name
        guard let endpoint = findings.endpoint else {
            return "WireGuard has no address of \(name) to send to: it has told none, or every one of them lies inside the overlay."
        }
        if let problem = findings.peeringProblem {
            let heard = findings.handshakeAge.map { "; WireGuard heard of it \($0) s ago" } ?? ""
            return """
                Neither peering (\(problem)) nor the tunnel reach \(name) at \(endpoint)\(heard): it is stopped, switched off, or cut off from here.
                """
        }
        if let age = findings.handshakeAge, age <= sessionSeconds {
            return """
                WireGuard talks with \(name) (last handshake \(age) s ago), but it does not answer through the tunnel: a firewall there may drop \
                what comes in by its weft interface.
                """
        }
        return """
            \(name) is there, but WireGuard gets no answer from \(endpoint): UDP is blocked between here and there. Open that port to UDP in its \
            firewall; behind a router that translates addresses, forward it.
            """
    }
}
