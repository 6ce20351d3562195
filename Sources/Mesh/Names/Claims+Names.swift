import Crypto
import Multiformats

/// Names are unique: of several members that call themselves the same, the first by claim is shown under the plain name and the
/// others with a suffix. All of this is computed from the claims alone, so every node shows the same names.
extension Claims {
    /// The live member that has the plain name.
    package func owner(of name: NodeName) -> PeerID? { onNames.owner(of: name) }

    /// The name under which a live member is shown and resolved; `nil` for anybody else.
    package func shownName(of peer: PeerID) -> NodeName? {
        guard let member = members[peer], member.isLive else { return nil }
        let name = member.record.name
        return owner(of: name) == peer ? name : suffixedNames(of: onNames[name], on: name).first { $0.peer == peer }?.name
    }

    /// The shown names of all live members. No two are equal.
    package func shownNames() -> [PeerID: NodeName] {
        var names: [PeerID: NodeName] = [:]
        for member in members.values where member.isLive { names[member.record.peer] = member.record.name }
        for (name, claims) in onNames.contested {
            for loser in suffixedNames(of: claims, on: name) { names[loser.peer] = loser.name }
        }
        return names
    }

    /// The losers among the claims with what they are called instead.
    private func suffixedNames(of claims: [Claim], on name: NodeName) -> some Sequence<(peer: PeerID, name: NodeName)> {
        let numbers = (2...).lazy.compactMap { free(name.numbered($0)) }
        return zip(claims.dropFirst(), numbers).lazy.map { claim, numbered in
            (claim.peer, numbered ?? name.marked(for: claim.peer, isFree: { !onNames.isClaimed($0) }))
        }
    }

    /// `.some(nil)` if there is no such numbered name, `nil` if a member really has it.
    private func free(_ numbered: NodeName?) -> NodeName?? {
        guard let numbered else { return .some(nil) }
        return onNames.isClaimed(numbered) ? nil : .some(numbered)
    }
}

extension NodeName {
    /// `host-a-2`; `nil` if that is too long for a name. Two names never have a numbered name in common.
    fileprivate func numbered(_ number: Int) -> NodeName? {
        let name = "\(text)-\(number)"
        return name.utf8.count <= Self.maximumLength ? NodeName(unchecked: name) : nil
    }

    /// For a name that is too long to be numbered: its start and a mark out of the peer id, which is no number.
    fileprivate func marked(for peer: PeerID, isFree: (NodeName) -> Bool) -> NodeName {
        for attempt in UInt8.min ... .max {
            let digest = SHA256.hash(data: Array(text.utf8) + [attempt] + peer.bytes)
            let mark = "-x" + Base32.encode(Array(digest.prefix(12)))
            let name = NodeName(unchecked: text.prefix(Self.maximumLength - mark.utf8.count) + mark)
            if isFree(name) { return name }
        }
        return self  // out of reach: somebody would have to hold 256 names, each made from the others' digests
    }
}
