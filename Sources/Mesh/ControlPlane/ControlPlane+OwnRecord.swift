import IPAddresses
import Multiformats
import Timeline

extension ControlPlane {
    /// Brings our own record in line with everything that has happened, whatever it was.
    mutating func settleOwnRecord(_ turn: inout Turn) {
        guard own.phase == .member else { return }
        if membership.own == nil { refusePresets(&turn) }
        for range in settings.overlay.prefixes { settleClaim(in: range, &turn) }
        if isIssueDue(turn) { issueOwnRecord(&turn) }
        settleName(&turn)
    }

    /// Our last word: not a member any more. It goes over sync as well, as this node will not be there to repeat it.
    mutating func leave(_ turn: inout Turn) {
        guard own.phase == .member, membership.own != nil else {
            own.phase = .gone
            return
        }
        own.phase = .gone
        own.claims = [:]
        own.endpoints = []
        own.peeringAddresses = []
        issueOwnRecord(&turn)
        for peer in sync.sessions.keys.sorted() { sendRecords(of: [identity.peerID], to: peer, &turn) }
        own.renewal = nil
        own.reclaim = nil
        own.refutation = nil
    }

    private func isIssueDue(_ turn: Turn) -> Bool {
        guard let current = membership.own?.record else { return true }
        let isDue = [own.renewal, own.reclaim, own.refutation].contains { $0.map { $0 <= turn.now } ?? false }
        return isDue || !ownRecord(sequence: current.sequence).isRenewal(of: current)
    }

    /// Makes, stores and publishes the next record of this node. One after the other of its
    /// peering addresses, then endpoints, is left out if the record would be too long.
    private mutating func issueOwnRecord(_ turn: inout Turn) {
        let previous = membership.own?.record
        var record = ownRecord(sequence: nextSequence(turn))
        do throws(RecordError) {
            let sealed = try record.sealedToFit(by: identity)
            own.peeringAddresses = record.peeringAddresses
            own.endpoints = record.endpoints
            membership.setOwn(sealed, now: turn.now)
            turn.act(.publish(Announcement.record(AgedRecord(sealed, age: .zero)).encoded))
            addNews(identity.peerID, isGossiped: true, turn)
            turn.markPersist()
            if previous.map({ !record.isRenewal(of: $0) }) ?? true { turn.markNetwork() }
        } catch {
            turn.notice(.ownRecordNotIssued(error))
        }
        scheduleNextIssue(turn)
    }

    private func ownRecord(sequence: UInt64) -> NodeRecord {
        NodeRecord(
            peer: identity.peerID, sequence: sequence, name: settings.name, nameClaimedAtMillis: own.nameClaimedAtMillis,
            wireguardKey: settings.wireguardKey, addresses: [own.claims[.ipv4], own.claims[.ipv6]].compactMap(\.self),
            wireguardPort: settings.wireguardPort, endpoints: own.endpoints, peeringAddresses: own.peeringAddresses,
            lease: settings.lease, hasLeft: own.phase == .gone, software: settings.software)
    }

    /// Above everything that we have issued or that somebody else has seen of us. The wall clock makes it so after a loss of state.
    private func nextSequence(_ turn: Turn) -> UInt64 {
        let previous = max(membership.own?.record.sequence ?? 0, own.sequenceFloor)
        return min(max(previous &+ 1, turn.wallClockMillis), RecordLimits.maximumSequence)
    }

    /// Renewal comes at a third of the lease: two may fail to arrive.
    private mutating func scheduleNextIssue(_ turn: Turn) {
        own.renewal = turn.now + settings.lease / 3
        own.endRefutation(now: turn.now)
        guard let reclaim = own.reclaim, reclaim <= turn.now else { return }
        own.reclaim = nil
        own.lastReclaim = turn.now
    }

    /// Somebody holds a record of ours that we do not know: it must be outdone, at once the first time. If it was issued while we ran, or if
    /// it happens again, it is a clone's, which does the same with our record: slowly then.
    mutating func reclaimOwnRecord(above sequence: UInt64, age: Duration, _ turn: inout Turn) {
        own.sequenceFloor = max(own.sequenceFloor, sequence)
        guard own.phase == .member, own.reclaim == nil else { return }
        let isClones = own.lastReclaim != nil || own.startedAt.map { turn.now - age > $0 } ?? false
        own.reclaim = own.lastReclaim.map { max(turn.now, $0 + settings.limits.minimumReclaimInterval) } ?? turn.now
        turn.notice(isClones ? .cloneDetected(identity.peerID) : .ownRecordSuperseded(sequence: sequence))
    }
}

// MARK: - Claims

extension ControlPlane {
    private func refusePresets(_ turn: inout Turn) {
        for preset in settings.presetAddresses where !settings.overlay.isUsable(preset) { turn.notice(.presetAddressRefused(preset)) }
    }

    /// Keeps the address that we have; takes the next free one if another member has it, or if we have none.
    private mutating func settleClaim(in range: IPPrefix, _ turn: inout Turn) {
        let claim = own.claims[range.family]
        let rival = winner(over: claim)
        if claim != nil, rival == nil { return }
        if own.fullFamilies.contains(range.family), !turn.networkChanged { return }  // nothing got free
        let replacement = freeAddress(in: range)
        own.claims[range.family] = replacement.map { AddressClaim(address: $0, claimedAtMillis: turn.wallClockMillis) }
        if let claim, let rival { turn.notice(.addressLost(claim.address, to: rival, replacement: replacement)) }
        if replacement != nil {
            own.fullFamilies.remove(range.family)
        } else if own.fullFamilies.insert(range.family).inserted {
            turn.notice(.rangeFull(range))
        }
    }

    /// The member whose claim to the same address goes before ours.
    private mutating func winner(over claim: AddressClaim?) -> PeerID? {
        guard let claim else { return nil }
        let ours = claim.claim(by: identity.peerID)
        return membership.claims(on: claim.address).first { $0.peer != identity.peerID && $0 < ours }?.peer
    }

    private func freeAddress(in range: IPPrefix) -> IPAddress? {
        let taken = membership.addressesClaimed(byOtherThan: identity.peerID)
        return try? OverlayAddressing.assignAddress(name: settings.name, peer: identity.peerID, in: range, isTaken: taken.contains)
    }

    /// Names are not given up, only shown otherwise: all that is left to do is to say so.
    private mutating func settleName(_ turn: inout Turn) {
        let winner = membership.claims(on: settings.name).first.flatMap { $0.peer == identity.peerID ? nil : $0.peer }
        guard winner != own.nameLostTo else { return }
        own.nameLostTo = winner
        if let winner, let shown = membership.claims.shownName(of: identity.peerID) {
            turn.notice(.nameLost(settings.name, to: winner, shownAs: shown))
        } else {
            turn.notice(.nameRegained(settings.name))
        }
    }
}

extension NodeRecord {
    /// Seals the record, after leaving out as many of its last peering addresses and endpoints as it takes to fit.
    fileprivate mutating func sealedToFit(by identity: Identity) throws(RecordError) -> SealedRecord {
        while true {
            do throws(RecordError) {
                return try sealed(by: identity)
            } catch {
                guard case .tooLong = error, peeringAddresses.popLast() != nil || endpoints.popLast() != nil else { throw error }
            }
        }
    }
}
