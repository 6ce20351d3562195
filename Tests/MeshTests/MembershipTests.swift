import IPAddresses
import Multiformats
import Testing
import Timeline
import WeftTestKit

@testable import Mesh

@Suite struct MembershipTests {
    /// Records of a few peers that compete for a few addresses and names, with clones of equal number among them.
    private func competingRecords(_ generator: inout SeededGenerator) throws -> [SealedRecord] {
        try (0..<60).map { _ in
            let number = Int.random(in: 1...10, using: &generator)
            let claimed = UInt64.random(in: 0...3, using: &generator)
            let host = UInt128.random(in: 1...4, using: &generator)
            let left = Int.random(in: 0..<6, using: &generator) == 0
            let alias = name(["host-a", "host-a-2", "host-a-3", "b"].randomElement(using: &generator) ?? "c")
            return try record(number, sequence: UInt64.random(in: 1...4, using: &generator)) { record in
                record.name = alias
                record.nameClaimedAtMillis = claimed
                record.addresses = [AddressClaim(address: IPAddress(family: .ipv4, value: 0x0a2a_0000 + host), claimedAtMillis: claimed)]
                record.hasLeft = left
            }
        }
    }

    @Test func anyOrderAndRepetitionGivesTheSame() throws {
        var generator = SeededGenerator(seed: testSeed("anyOrderAndRepetitionGivesTheSame"))
        for _ in 0..<30 {
            let records = try competingRecords(&generator)
            var expected = try membership()
            for record in records { _ = expected.merge(record, age: .zero, now: .origin) }
            for _ in 0..<10 {
                var other = try membership()
                let again = records.shuffled(using: &generator).prefix(Int.random(in: 0...60, using: &generator))
                for record in (records + again).shuffled(using: &generator) { _ = other.merge(record, age: .zero, now: .origin) }
                expectEqual(other, expected)
            }
        }
    }

    @Test func mergingPartsInAnyGroupingGivesTheSame() throws {
        var generator = SeededGenerator(seed: testSeed("mergingPartsInAnyGroupingGivesTheSame"))
        for _ in 0..<30 {
            let records = try competingRecords(&generator)
            let cut = Int.random(in: 0...records.count, using: &generator)
            let (left, right) = (try merged(Array(records[..<cut])), try merged(Array(records[cut...])))
            var one = left
            for member in right.all { _ = one.merge(member.sealed, age: .zero, now: .origin) }
            var other = right
            for member in left.all { _ = other.merge(member.sealed, age: .zero, now: .origin) }
            expectEqual(one, other)
            expectEqual(one, try merged(records))
            let before = one.state
            for member in left.all { _ = one.merge(member.sealed, age: .zero, now: .origin) }
            #expect(one.state == before)
        }
    }

    private func merged(_ records: [SealedRecord]) throws -> Membership {
        var membership = try membership()
        for record in records { _ = membership.merge(record, age: .zero, now: .origin) }
        return membership
    }

    private func expectEqual(_ one: Membership, _ other: Membership) {
        #expect(one.state == other.state)
        let (claims, others) = (one.claims, other.claims)
        #expect(claims.shownNames() == others.shownNames())
        for host in 1...4 {
            let address = IPAddress(family: .ipv4, value: 0x0a2a_0000 + UInt128(host))
            #expect(claims.owner(of: address) == others.owner(of: address))
            #expect(claims.owner(of: address) == slowOwner(of: address, in: one))
        }
        #expect(Set(claims.shownNames().values).count == one.live.count)
        for member in one.live { #expect(claims.shownName(of: member.record.peer) == claims.shownNames()[member.record.peer]) }
    }

    /// The rule, as a slow model.
    private func slowOwner(of address: IPAddress, in membership: Membership) -> PeerID? {
        membership.live.flatMap { member in
            member.record.addresses.filter { $0.address == address }.map { ($0.claimedAtMillis, member.record.peer) }
        }.min { $0 < $1 }?.1
    }

    /// What is asked for again and again is kept up with each record, other than what is asked for once.
    @Test func watchedClaimsAreKeptUp() throws {
        var generator = SeededGenerator(seed: testSeed("watchedClaimsAreKeptUp"))
        for _ in 0..<20 {
            var membership = try membership()
            for sealed in try competingRecords(&generator) {
                _ = membership.merge(sealed, age: .seconds(sealed.record.sequence), now: .origin)
                expectWatchedEqual(&membership)
            }
            _ = membership.expire(now: .origin + .seconds(3598))
            expectWatchedEqual(&membership)
        }
    }

    private func expectWatchedEqual(_ membership: inout Membership) {
        let claims = membership.claims
        for host in 1...4 {
            let address = IPAddress(family: .ipv4, value: 0x0a2a_0000 + UInt128(host))
            #expect(membership.claims(on: address) == claims.onAddresses[address])
        }
        for alias in ["host-a", "host-a-2", "b"].map(name) { #expect(membership.claims(on: alias) == claims.onNames[alias]) }
    }

    @Test func onlySoManyClaimsAreWatched() {
        var watched = WatchedClaims<Int>()
        for thing in 0..<WatchedClaims<Int>.capacity { _ = watched.watch(thing, []) }
        #expect((0..<WatchedClaims<Int>.capacity).allSatisfy { watched[$0] != nil })
        _ = watched.watch(-1, [])
        #expect(watched[-1] != nil && watched[0] == nil)
    }

    @Test func higherSequenceHolds() throws {
        var membership = try membership()
        let (first, second) = (try record(1, sequence: 1), try record(1, sequence: 2))
        #expect(membership.merge(first, age: .zero, now: .origin) == .added)
        #expect(membership.merge(first, age: .zero, now: .origin) == .unchanged)
        #expect(membership.merge(second, age: .zero, now: .origin) == .updated(previous: first))
        #expect(membership.merge(first, age: .zero, now: .origin) == .stale)
    }

    @Test func clonesAreNoticedAndSettled() throws {
        let one = try record(1) { $0.software = "a" }
        let other = try record(1) { $0.software = "b" }
        var here = try membership()
        _ = here.merge(one, age: .zero, now: .origin)
        #expect(here.merge(other, age: .zero, now: .origin) == .cloneConflict(replaced: one))
        var there = try membership()
        _ = there.merge(other, age: .zero, now: .origin)
        #expect(there.merge(one, age: .zero, now: .origin) == .cloneConflict(replaced: nil))
        #expect(here.state == there.state)
    }

    @Test func nobodySpeaksForUs() throws {
        var membership = try membership(1)
        membership.setOwn(try record(1, sequence: 5), now: .origin)
        #expect(membership.merge(try record(1, sequence: 4), age: .zero, now: .origin) == .stale)
        #expect(membership.merge(try record(1, sequence: 5), age: .zero, now: .origin) == .unchanged)
        #expect(
            membership.merge(try record(1, sequence: 5) { $0.software = "clone" }, age: .zero, now: .origin) == .ownRecordAhead(sequence: 5)
        )
        #expect(
            membership.merge(try record(1, sequence: 9) { $0.hasLeft = true }, age: .zero, now: .origin) == .ownRecordAhead(sequence: 9))
        #expect(membership.own?.record.sequence == 5)
        #expect(membership.expire(now: .origin + .seconds(1_000_000)).isEmpty)
    }

    @Test func leasesEndAndEndedRecordsStayAway() throws {
        var membership = try membership()
        let old = try record(1)
        #expect(membership.merge(old, age: .seconds(3600), now: .origin) == .refused(.expired))
        #expect(membership.merge(old, age: .seconds(600), now: .origin) == .added)
        #expect(membership.merge(try record(2), age: .zero, now: .origin) == .added)
        #expect(membership.nextExpiry == .origin + .seconds(3000))
        #expect(membership.expire(now: .origin + .seconds(2999)).isEmpty)
        #expect(membership.expire(now: .origin + .seconds(3000)) == [old.record.peer])
        #expect(membership.claims.owner(of: old.record.addresses[0].address) == nil)
        #expect(membership.merge(old, age: .zero, now: .origin + .seconds(3000)) == .stale)
        #expect(membership.merge(try record(1, sequence: 2), age: .zero, now: .origin + .seconds(3000)) == .added)
        #expect(membership.nextExpiry == .origin + .seconds(3600))
    }

    @Test func aFalseAgeCannotEndARecord() throws {
        var membership = try membership()
        _ = membership.merge(try record(1), age: .zero, now: .origin)
        #expect(membership.merge(try record(1), age: .seconds(3599), now: .origin) == .unchanged)
        #expect(membership.nextExpiry == .origin + .seconds(3600))
    }

    @Test func whoLeftStaysUntilTheLeaseEnds() throws {
        var membership = try membership()
        _ = membership.merge(try record(1), age: .zero, now: .origin)
        let left = try record(1, sequence: 2) { $0.hasLeft = true }
        _ = membership.merge(left, age: .zero, now: .origin)
        #expect(membership.live.isEmpty && membership.count == 1)
        #expect(membership.claims.addresses(of: left.record.peer).isEmpty && membership.claims.shownName(of: left.record.peer) == nil)
        #expect(membership.merge(try record(1), age: .zero, now: .origin) == .stale)
        #expect(membership.expire(now: .origin + .seconds(3600)) == [left.record.peer])
    }

    @Test func refusesAddressesOutsideTheOverlay() throws {
        var membership = try membership()
        for text in ["10.43.0.1", "10.42.0.0", "10.42.255.255", "fd00:1:2:4::1", "fd00:1:2:3::"] {
            let stray = try record(1) { $0.addresses = [AddressClaim(address: address(text), claimedAtMillis: 0)] }
            #expect(membership.merge(stray, age: .zero, now: .origin) == .refused(.addressOutsideOverlay))
        }
    }

    @Test func whenFullNewcomersAreRefusedAndMembersStay() throws {
        var limits = MembershipLimits()
        limits.maximumMembers = 3
        var membership = try membership(limits: limits)
        for number in 1...3 { #expect(membership.merge(try record(number), age: .zero, now: .origin) == .added) }
        #expect(membership.merge(try record(4), age: .zero, now: .origin) == .refused(.full))
        #expect(membership.merge(try record(3, sequence: 2), age: .zero, now: .origin) == .updated(previous: try record(3)))
        _ = membership.expire(now: .origin + .seconds(3600))
        #expect(membership.merge(try record(4), age: .zero, now: .origin + .seconds(3600)) == .added)
    }

    @Test func onlySoManyEndedRecordsAreRemembered() throws {
        var forgotten = ForgottenSequences(capacity: 4)
        let peers = try (0..<8).map { try identity($0).peerID }
        for (number, peer) in peers.enumerated() {
            #expect(forgotten.remember(peer, sequence: 1) == (number < 4 ? nil : peers[number - 4]))
        }
        #expect(forgotten.count == 4 && forgotten[peers[3]] == nil && forgotten[peers[4]] == 1)
        for round in 0..<1000 {
            _ = forgotten.remember(peers[round % 2], sequence: UInt64(round))
            if round.isMultiple(of: 3) { forgotten.remove(peers[0]) }
        }
        #expect(forgotten[peers[1]] == 999 && forgotten.count <= 4)
    }

    @Test func losersOfANameGetASuffixThatNobodyHas() throws {
        var membership = try membership()
        func add(_ number: Int, _ text: String, since: UInt64) throws {
            let sealed = try record(number) { record in
                record.name = name(text)
                record.nameClaimedAtMillis = since
            }
            _ = membership.merge(sealed, age: .zero, now: .origin)
        }
        try add(1, "host-a", since: 1)
        try add(2, "host-a", since: 3)
        try add(3, "host-a", since: 2)
        func shown(_ number: Int) throws -> String? { membership.claims.shownName(of: try identity(number).peerID)?.text }
        #expect(try (1...3).map(shown) == ["host-a", "host-a-3", "host-a-2"])
        try add(4, "host-a-2", since: 9)
        #expect(try (1...4).map(shown) == ["host-a", "host-a-4", "host-a-3", "host-a-2"])
        let long = String(repeating: "a", count: 63)
        for number in 5...8 { try add(number, long, since: 1) }
        #expect(Set(membership.claims.shownNames().values).count == 8)
        #expect(membership.claims.shownNames().values.allSatisfy { NodeName($0.text) != nil })
    }

    /// Would take hours if settling conflicts were quadratic.
    @Test func tenThousandMembersAreNoBurden() throws {
        var membership = try membership()
        let model = try record(1)
        for number in 0..<10_000 {
            var copy = model.record
            var bytes = [UInt8](repeating: 0, count: 36)
            bytes.replaceSubrange(0..<6, with: [0x08, 0x01, 0x12, 0x20, UInt8(number & 0xff), UInt8(number >> 8)])
            copy.peer = try PeerID(bytes: [0x00, 36] + bytes)
            copy.nameClaimedAtMillis = UInt64(number)
            copy.addresses = [AddressClaim(address: IPAddress(family: .ipv4, value: 0x0a2a_0001 + UInt128(number / 2)), claimedAtMillis: 1)]
            membership.store(Membership.Member(sealed: SealedRecord(unchecked: copy), issuedAt: .origin))
        }
        let claims = membership.claims
        #expect(Set(claims.shownNames().values).count == 10_000)
        #expect(membership.all.filter { !claims.lostAddresses(of: $0.record.peer).isEmpty }.count == 5000)
        #expect(membership.expire(now: .origin + .seconds(3600)).count == 10_000)
    }
}
