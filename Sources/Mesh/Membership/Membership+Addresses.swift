import IPAddresses
import Multiformats

extension Membership {
    /// The live member that has the address: of all that claim it, the one with the oldest claim, then the lowest peer id.
    package func owner(of address: IPAddress) -> PeerID? { addressClaims.owner(of: address) }

    /// The addresses that the peer claims and has; empty unless it is a live member.
    package func addresses(of peer: PeerID) -> [IPAddress] {
        claimedAddresses(of: peer).filter { owner(of: $0) == peer }
    }

    /// The addresses that the peer claims but another member has.
    package func lostAddresses(of peer: PeerID) -> [IPAddress] {
        claimedAddresses(of: peer).filter { owner(of: $0) != peer }
    }

    /// Whether any member but `peer` claims the address, with or without success.
    func isClaimed(_ address: IPAddress, byOtherThan peer: PeerID) -> Bool {
        addressClaims[address].contains { $0.peer != peer }
    }

    private func claimedAddresses(of peer: PeerID) -> [IPAddress] {
        guard let member = members[peer], member.isLive else { return [] }
        return member.record.addresses.map(\.address)
    }
}
