import IPAddresses
import Multiformats

extension Claims {
    /// The live member that has the address: of all that claim it, the one with the oldest claim, then the lowest peer id.
    package func owner(of address: IPAddress) -> PeerID? { onAddresses.owner(of: address) }

    /// The addresses that the peer claims and has; empty unless it is a live member.
    package func addresses(of peer: PeerID) -> [IPAddress] {
        members[peer].map(addresses) ?? []
    }

    /// The same, of a member that is at hand.
    func addresses(of member: Membership.Member) -> [IPAddress] {
        claimedAddresses(of: member).filter { owner(of: $0) == member.record.peer }
    }

    /// The addresses that the peer claims but another member has.
    package func lostAddresses(of peer: PeerID) -> [IPAddress] {
        members[peer].map(claimedAddresses)?.filter { owner(of: $0) != peer } ?? []
    }

    private func claimedAddresses(of member: Membership.Member) -> [IPAddress] {
        member.isLive ? member.record.addresses.map(\.address) : []
    }
}
