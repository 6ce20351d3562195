import IPAddresses
import Mesh
import Multiformats
import Timeline

/// What is checked from time to time.
extension Simulation {
    mutating func sample() {
        checkStorm()
        checkAddresses()
        if checker.quietSince != nil { checkAgreement() }
        checkRest()
        plan(.sample, after: checker.agreedAt == nil ? InvariantChecker.sampleInterval : InvariantChecker.restSampleInterval)
    }

    private mutating func checkStorm() {
        let count = checker.eventCount - checker.eventCountAtSample
        checker.eventCountAtSample = checker.eventCount
        guard count > InvariantChecker.maximumEvents * machines.count else { return }
        checker.report(.progress, at: now, "\(count) events within one sample")
    }

    // MARK: Agreement

    private mutating func checkAgreement() {
        guard checker.isAgreementStale || checker.agreedAt == nil else { return }
        let isStale = checker.isAgreementStale
        checker.isAgreementStale = false
        let problem = isStale ? disagreement() : nil
        if let problem { noteDisagreement(problem) } else if isStale { noteAgreement() }
        if problem != nil { checker.isAgreementStale = true }
    }

    private mutating func noteAgreement() {
        guard checker.agreedAt == nil else { return }
        checker.agreedAt = now
        trace.note(.agreed, -1, at: now)
    }

    private mutating func noteDisagreement(_ problem: Disagreement) {
        if checker.agreedAt != nil {
            // Records that are on their way make no difference; a member that is not known does.
            if case .unknown(let one, let other) = problem { report(one, other, .membersStay) }
        } else if let since = checker.quietSince, now - since > scenario.convergenceLimit {
            switch problem {
            case .unknown(let one, let other): report(one, other, .agreement)
            case .heldForLost(let one, let other):
                checker.report(.agreement, at: now, "n\(one) holds n\(other) for unreachable, \(now - since) after the last fault")
            case .different(let one, let other):
                checker.report(.agreement, at: now, "n\(one) and n\(other) still hold different records")
            }
        }
    }

    private mutating func report(_ one: Int, _ other: Int, _ promise: Violation.Promise) {
        let since = checker.quietSince.map { now - $0 } ?? .zero
        checker.report(promise, at: now, "n\(one) does not know n\(other), \(since) after the last fault")
    }

    /// Why live nodes do not agree.
    enum Disagreement {
        case unknown(Int, Int)
        case heldForLost(Int, Int)
        case different(Int, Int)
    }

    /// Begins with the machine that disagreed last: mostly it still does, and the others need not be looked at.
    private mutating func disagreement() -> Disagreement? {
        let live = self.live
        let peers = live.compactMap { machines[$0].process?.identity.peerID }
        let start = live.firstIndex(of: checker.lastDissenter) ?? 0
        var first: (machine: Int, digest: UInt64)?
        for machine in live[start...] + live[..<start] {
            checker.lastDissenter = machine
            guard let process = machines[machine].process else { continue }
            let digest: UInt64
            if let agreement = process.agreement, agreement.lives == checker.lives {
                digest = agreement.digest
            } else {
                let membership = process.node.membership
                for (index, peer) in peers.enumerated() {
                    guard let member = membership[peer], member.isLive else { return .unknown(machine, live[index]) }
                    if member.isReportedUnreachable { return .heldForLost(machine, live[index]) }
                }
                digest = membership.liveDigest
                process.agreement = .init(lives: checker.lives, digest: digest)
            }
            if let first, first.digest != digest { return .different(first.machine, machine) }
            first = first ?? (machine, digest)
        }
        return nil
    }

    // MARK: Addresses

    private mutating func checkAddresses() {
        if checker.areRivalsStale {
            checker.rivals = rivals
            checker.areRivalsStale = false
        }
        guard !checker.rivals.isEmpty else { return checker.conflicts = [:] }
        let components = self.components
        var conflicts: [InvariantChecker.Pair: Instant] = [:]
        for pair in checker.rivals where components[pair.one] == components[pair.other] {
            let since = checker.conflicts[pair] ?? now
            conflicts[pair] = since
            if now - since > Promises.addressConflict {
                checker.report(.uniqueAddresses, at: now, "n\(pair.one) and n\(pair.other) since \(since.inSeconds)")
            }
        }
        checker.conflicts = conflicts
    }

    private var rivals: [InvariantChecker.Pair] {
        var holders: [IPAddress: Int] = [:]
        var pairs: [InvariantChecker.Pair] = []
        for machine in live {
            guard let own = machines[machine].process?.node.membership.own?.record else { continue }
            for address in own.addresses.map(\.address) {
                guard let holder = holders[address] else {
                    holders[address] = machine
                    continue
                }
                let isClone = machines[holder].process?.identity.peerID == own.peer
                if !isClone { pairs.append(InvariantChecker.Pair(one: holder, other: machine)) }
            }
        }
        return pairs
    }

    /// By machine: the least of the machines that connections lead to, directly or by others.
    private var components: [Int] {
        var root = Array(machines.indices)
        func find(_ machine: Int) -> Int {
            var machine = machine
            while root[machine] != machine { machine = root[machine] }
            return machine
        }
        for id in connections.keys.sorted() {
            guard let connection = connections[id], connection[.dialer].isOpen, connection[.listener].isOpen,
                isOpenBothWays(connection[.dialer].machine, connection[.listener].machine)
            else { continue }
            let (one, other) = (find(connection[.dialer].machine), find(connection[.listener].machine))
            root[max(one, other)] = min(one, other)
        }
        return machines.indices.map(find)
    }

    // MARK: Rest

    private mutating func checkRest() {
        guard let agreedAt = checker.agreedAt, now - agreedAt >= Promises.settling else { return }
        guard let before = checker.metersAtRest else { return checker.metersAtRest = meters }
        guard now - agreedAt >= Promises.settling + scenario.rest else { return }
        let live = self.live
        let sent = live.reduce(0) { $0 + meters[$1].bytes - before[$1].bytes }
        let seconds = Double(scenario.rest.wholeSeconds)
        let traffic = Double(sent) / Double(max(1, live.count)) / max(1, seconds)
        checker.restTraffic = traffic
        let ephemerals = live.count { machines[$0].specification.isEphemeral }
        let budget = Promises.restBudget + Promises.restBudgetPerEphemeral * Double(ephemerals)
        if traffic > budget { checker.report(.quietRest, at: now, "\(Int(traffic)) bytes per node and second, budget \(Int(budget))") }
        checker.isOver = true
    }
}

extension Membership {
    /// Equal for equal live members with equal records, whatever their order.
    fileprivate var liveDigest: UInt64 {
        all.reduce(0) { sum, member in
            guard member.isLive else { return sum }
            var hash = 0xcbf2_9ce4_8422_2325 ^ member.record.sequence
            for byte in member.record.peer.bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
            return sum &+ (hash ^ hash >> 29)
        }
    }
}
