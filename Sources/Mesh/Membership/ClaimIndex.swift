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

/// Every claim on every thing, in order.
struct ClaimIndex<Thing: Hashable & Sendable>: Sendable {
    /// The first claim on each thing; mostly the only one.
    private var winners: [Thing: Claim] = [:]
    /// The others, in order, on the few things that have any.
    private var losers: [Thing: [Claim]] = [:]

    /// All claims on `thing`, the winner first.
    subscript(thing: Thing) -> [Claim] { winners[thing].map { [$0] + (losers[thing] ?? []) } ?? [] }

    /// The things that several peers claim.
    var contested: some Sequence<(key: Thing, value: [Claim])> { losers.keys.lazy.map { ($0, self[$0]) } }

    func isClaimed(_ thing: Thing) -> Bool { winners[thing] != nil }

    func owner(of thing: Thing) -> PeerID? { winners[thing]?.peer }

    mutating func insert(_ claim: Claim, on thing: Thing) {
        guard let winner = winners[thing] else { return winners[thing] = claim }
        winners[thing] = min(winner, claim)
        let loser = max(winner, claim)
        let position = losers[thing]?.firstPosition(of: loser) ?? 0
        losers[thing, default: []].insert(loser, at: position)
    }
}

/// Every claim on the few things that were asked for, kept up in order, so that asking again costs nothing but looking.
struct WatchedClaims<Thing: Hashable & Sendable>: Sendable {
    /// Things watched at most; with one more, those before are not watched any more.
    static var capacity: Int { 8 }

    private var claims: [Thing: [Claim]] = [:]

    /// `nil` if the thing is not watched.
    subscript(thing: Thing) -> [Claim]? { claims[thing] }

    /// Watches a thing from now on.
    ///
    /// - Parameter found: all claims on it, in any order.
    /// - Returns: the same, the winner first.
    mutating func watch(_ thing: Thing, _ found: [Claim]) -> [Claim] {
        if claims.count >= Self.capacity { claims = [:] }
        let sorted = found.sorted()
        claims[thing] = sorted
        return sorted
    }

    mutating func insert(_ claim: Claim, on thing: Thing) {
        guard let position = claims[thing]?.firstPosition(of: claim) else { return }
        claims[thing]?.insert(claim, at: position)
    }

    mutating func remove(_ claim: Claim, from thing: Thing) {
        guard let held = claims[thing] else { return }
        let position = held.firstPosition(of: claim)
        if position < held.count, held[position] == claim { claims[thing]?.remove(at: position) }
    }
}

extension [Claim] {
    /// Of a list in order: where the claim is, or belongs.
    fileprivate func firstPosition(of claim: Claim) -> Int { firstPosition { $0 < claim } }
}

extension Array {
    /// Of a list in which those that go before something come first: where the others begin.
    func firstPosition(after goesBefore: (Element) -> Bool) -> Int {
        var range = 0..<count
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            range = goesBefore(self[middle]) ? middle + 1..<range.upperBound : range.lowerBound..<middle
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
