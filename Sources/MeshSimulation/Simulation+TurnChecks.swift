import Mesh
import Multiformats
import Timeline
import WeftTestKit

/// What is checked whenever a node has decided something.
extension Simulation {
    mutating func checkTurn(of machine: Int, _ actions: [Node.Action]) {
        guard let membership = machines[machine].process?.node.membership else { return }
        if actions.count > Promises.actions(members: membership.count) {
            checker.report(.progress, at: now, "n\(machine): \(actions.count) actions after one input")
        }
        guard let own = membership.own, let known = machines[machine].process?.ownSequence, own.record.sequence != known else { return }
        machines[machine].process?.ownSequence = own.record.sequence
        checker.areRivalsStale = true
        checkOwn(own.record, of: machine, after: known, actions)
    }

    private mutating func checkOwn(_ record: NodeRecord, of machine: Int, after known: UInt64, _ actions: [Node.Action]) {
        let specification = machines[machine].specification
        let isPublished = actions.contains { if case .control(.publish) = $0 { true } else { false } }
        if record.sequence < known || !isPublished || record.name != specification.name {
            checker.report(.ownWord, at: now, "n\(machine): own record \(record.sequence) after \(known), published: \(isPublished)")
        }
        let issue = InvariantChecker.Issue(sequence: record.sequence, time: now, lease: record.lease, hasLeft: record.hasLeft)
        checker.issues[record.peer, default: []].append(issue)
    }

    mutating func check(_ change: ControlPlane.MembershipChange, at machine: Int) {
        let issues = checker.issues[change.peer] ?? []
        switch change {
        case .joined, .changed, .unreachable, .reachable: break
        case .forgotten: checker.report(.membersStay, at: now, "n\(machine) forgets \(name(change.peer)), and nobody said so")
        case .left:
            guard !issues.contains(where: \.hasLeft) else { return }
            checker.report(.membersStay, at: now, "n\(machine) says that \(name(change.peer)) has left")
        case .expired:
            guard !issues.contains(where: { mayHaveEnded($0) }) else { return }
            checker.report(.membersStay, at: now, "n\(machine) ends the lease of \(name(change.peer)) too early")
        }
    }

    /// A node that was restarted knows ages by the wall clock, in whole seconds (see `MeshSnapshot`), and passes them on.
    private func mayHaveEnded(_ issue: InvariantChecker.Issue) -> Bool {
        issue.time + (checker.hasRestored ? issue.lease / 3 - .seconds(1) : issue.lease) <= now
    }

    /// After a start: whom the saved members named must be known again, unless the lease is over.
    mutating func checkMemory(of machine: Int, _ disk: Disk) {
        let saved = disk.members?.snapshot.records.map(\.sealed.record).filter { !$0.hasLeft }.map(\.peer) ?? []
        for peer in saved where peer != disk.identity.peerID {
            guard machines[machine].process?.node.membership[peer] == nil, let last = checker.issues[peer]?.last,
                last.time + last.lease > now, checker.issues[peer]?.contains(where: { $0.time + $0.lease <= now }) == false
            else { continue }
            checker.report(.membersStay, at: now, "n\(machine) has forgotten \(name(peer)) while it did not run")
        }
    }

    /// After a deadline was told.
    mutating func checkProgress(of machine: Int, _ deadline: Instant?) {
        guard let deadline, deadline <= now else {
            machines[machine].process?.idleDeadlines = 0
            return
        }
        machines[machine].process?.idleDeadlines += 1
        guard let count = machines[machine].process?.idleDeadlines, count > Promises.idleDeadlines else { return }
        checker.report(.progress, at: now, "n\(machine): the next deadline, \(deadline.inSeconds), stays in the past")
    }

    func name(_ peer: PeerID) -> String { owners[peer].map { "n\($0)" } ?? "\(peer)" }
}
