import Multiformats
import Timeline

/// Why a member is not forgotten.
package enum ForgetObstacle: Hashable, Sendable {
    /// No member.
    case unknown
    /// The node itself: it can leave.
    case itself
    /// A connection to it stands.
    case connected
    /// Nobody has said that it cannot be reached.
    case notUnreachable
    /// It has not had the time yet to say that it is there.
    case lostJustNow(wait: Duration)
}

/// Members that are gone for good, because a person says so.
///
/// Each node judges for itself: it forgets whom it holds for unreachable, and has for long enough that the member could have refuted it. So
/// nobody can throw out a member that is there, and no order of messages matters: who does not believe it yet is told again when he compares
/// what he holds with somebody who did.
extension ControlPlane {
    /// Why `Input.forget` would not be followed; `nil` if it would.
    package func obstacle(toForgetting peer: PeerID, now: Instant) -> ForgetObstacle? {
        obstacle(toForgetting: peer, after: settings.limits.forgetDelay + settings.limits.forgetMargin, now: now)
    }

    /// A person's wish. A little later than others would believe it, so that all believe it at once.
    mutating func forget(_ peer: PeerID, _ turn: inout Turn) {
        guard obstacle(toForgetting: peer, now: turn.now) == nil, let sequence = membership[peer]?.record.sequence else { return }
        spread(ForgottenReport(peer: peer, sequence: sequence), &turn)
    }

    /// Takes note of a report that did not come by gossip, and tells all if it is news.
    mutating func spread(_ report: ForgottenReport, _ turn: inout Turn) {
        guard learn(report, &turn) else { return }
        turn.act(.publish(Announcement.forgotten(report).encoded))
    }

    /// Takes note of a report: of a member that nobody has lost yet it says that somebody did; one about ourselves is refuted.
    ///
    /// - Returns: whether the member was held until now, and is not any more.
    mutating func learn(_ report: ForgottenReport, _ turn: inout Turn) -> Bool {
        guard let held = membership[report.peer]?.record.sequence, held <= report.sequence else { return false }
        switch obstacle(toForgetting: report.peer, after: settings.limits.forgetDelay, now: turn.now) {
        case nil:
            membership.forget(report.peer)
            turn.report(.forgotten(report.peer))
            return true
        case .itself: outdo(report.sequence, turn)
        case .notUnreachable:
            spread(UnreachableReport(peer: report.peer, sequence: held), &turn)
            askAgain(turn)
        case .lostJustNow: askAgain(turn)
        case .unknown, .connected: break
        }
        return false
    }

    /// When the member has had its time, whoever has forgotten it tells us once more.
    private mutating func askAgain(_ turn: Turn) {
        scheduleComparison(within: settings.limits.forgetDelay * 2, turn)
    }

    private func obstacle(toForgetting peer: PeerID, after delay: Duration, now: Instant) -> ForgetObstacle? {
        guard peer != identity.peerID else { return .itself }
        guard let member = membership[peer], member.isLive else { return .unknown }
        guard sync.sessions[peer] == nil else { return .connected }
        guard let since = member.unreachableSince else { return .notUnreachable }
        let wait = since + delay - now
        return wait > .zero ? .lostJustNow(wait: wait) : nil
    }
}
