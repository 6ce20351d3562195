import IPAddresses
import Multiformats

/// Who of the live members claims which address and which name, and so who has them. Made from a membership when somebody asks: that is
/// seldom, and to keep it up with each record would take several times the memory of the members themselves.
package struct Claims: Sendable {
    let members: [PeerID: Membership.Member]
    let onAddresses: ClaimIndex<IPAddress>
    let onNames: ClaimIndex<NodeName>

    fileprivate init(_ members: [PeerID: Membership.Member]) {
        var (onAddresses, onNames) = (ClaimIndex<IPAddress>(), ClaimIndex<NodeName>())
        for member in members.values where member.isLive {
            for claim in member.record.addresses { onAddresses.insert(claim.claim(by: member.record.peer), on: claim.address) }
            onNames.insert(member.record.nameClaim, on: member.record.name)
        }
        self.members = members
        self.onAddresses = onAddresses
        self.onNames = onNames
    }
}

extension Membership {
    package var claims: Claims { Claims(members) }

    /// All claims of live members on the address, the winner first. Costs the time of all members when it is asked for the first time.
    mutating func claims(on address: IPAddress) -> [Claim] {
        if let watched = watchedAddresses[address] { return watched }
        let found = live { member in member.record.addresses.filter { $0.address == address }.map { $0.claim(by: member.record.peer) } }
        return watchedAddresses.watch(address, found)
    }

    /// The same for a name.
    mutating func claims(on name: NodeName) -> [Claim] {
        if let watched = watchedNames[name] { return watched }
        return watchedNames.watch(name, live { $0.record.name == name ? [$0.record.nameClaim] : [] })
    }

    /// What live members but `peer` claim, with or without success.
    func addressesClaimed(byOtherThan peer: PeerID) -> Set<IPAddress> {
        Set(live { $0.record.peer == peer ? [] : $0.record.addresses.map(\.address) })
    }

    private func live<Found>(_ find: (Member) -> [Found]) -> [Found] { members.values.flatMap { $0.isLive ? find($0) : [] } }

    mutating func addClaims(of member: Member) {
        guard member.isLive else { return }
        let record = member.record
        for claim in record.addresses { watchedAddresses.insert(claim.claim(by: record.peer), on: claim.address) }
        watchedNames.insert(record.nameClaim, on: record.name)
    }

    mutating func removeClaims(of member: Member) {
        guard member.isLive else { return }
        let record = member.record
        for claim in record.addresses { watchedAddresses.remove(claim.claim(by: record.peer), from: claim.address) }
        watchedNames.remove(record.nameClaim, from: record.name)
    }
}
