import IPAddresses
import Multiformats

/// Who claims something, and since when. The lesser of two claims wins: the older one, then the one of the lower peer id.
struct Claim: Comparable, Sendable {
    let claimedAtMillis: UInt64
    let peer: PeerID

    static func < (left: Claim, right: Claim) -> Bool {
        left.claimedAtMillis == right.claimedAtMillis ? left.peer < right.peer : left.claimedAtMillis < right.claimedAtMillis
    }
}

/// Every claim on every thing, kept in order, so that settling a conflict costs nothing but looking.
struct ClaimIndex<Thing: Hashable & Sendable>: Sendable {
    private var claims: [Thing: [Claim]] = [:]

    /// All claims on `thing`, the winner first.
    subscript(thing: Thing) -> [Claim] { claims[thing] ?? [] }

    /// The things that several peers claim.
    var contested: some Sequence<(key: Thing, value: [Claim])> { claims.lazy.filter { $0.value.count > 1 } }

    func isClaimed(_ thing: Thing) -> Bool { claims[thing] != nil }

    func owner(of thing: Thing) -> PeerID? { claims[thing]?.first?.peer }

    mutating func insert(_ claim: Claim, on thing: Thing) {
        let position = self.position(of: claim, on: thing)
        claims[thing, default: []].insert(claim, at: position)
    }

    mutating func remove(_ claim: Claim, from thing: Thing) {
        let position = self.position(of: claim, on: thing)
        guard let held = claims[thing], position < held.count, held[position] == claim else { return }
        claims[thing]?.remove(at: position)
        if held.count == 1 { claims[thing] = nil }
    }

    /// Where the claim is, or belongs.
    private func position(of claim: Claim, on thing: Thing) -> Int {
        guard let held = claims[thing] else { return 0 }
        var range = 0..<held.count
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            range = held[middle] < claim ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }
}

extension AddressClaim {
    func claim(by peer: PeerID) -> Claim { Claim(claimedAtMillis: claimedAtMillis, peer: peer) }
}

extension NodeRecord {
    var nameClaim: Claim { Claim(claimedAtMillis: nameClaimedAtMillis, peer: peer) }
}
