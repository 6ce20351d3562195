import Testing
import Timeline
import WeftTestKit

@testable import Mesh

/// Nothing that comes from the network traps, whatever it is.
@Suite struct FuzzTests {
    private let frames = 100_000

    @Test func records() throws {
        var generator = SeededGenerator(seed: testSeed("records"))
        let corpus = try (0..<8).map { try record($0).envelope }
        let payloads = try (0..<8).map { try record($0).record.encoded() }
        for count in 0..<frames {
            if count.isMultiple(of: 4) {
                _ = try? SealedRecord.open(generator.mutated(corpus[count % 8], among: corpus))
            } else {
                _ = try? NodeRecord(decoding: generator.mutated(payloads[count % 8], among: payloads))
            }
        }
    }

    @Test func announcements() throws {
        var generator = SeededGenerator(seed: testSeed("announcements"))
        let records = try (0..<4).map { Announcement.record(AgedRecord(try record($0), age: .seconds($0))).encoded }
        let reports = try (0..<2).flatMap {
            let peer = try identity($0).peerID
            return [
                Announcement.unreachable(UnreachableReport(peer: peer, sequence: 1)).encoded,
                Announcement.forgotten(ForgottenReport(peer: peer, sequence: 1)).encoded,
            ]
        }
        let corpus = records + reports
        let membership = try controlPlane(0).membership
        for count in 0..<frames { _ = try? Announcement.decode(generator.mutated(corpus[count % 8], among: corpus), holding: membership) }
    }

    @Test func syncMessages() throws {
        var generator = SeededGenerator(seed: testSeed("syncMessages"))
        let records = try (1..<9).map { AgedRecord(try record($0), age: .seconds($0)) }
        let corpus = try syncCorpus(records)
        var plane = try controlPlane(0)
        let partner = try identity(1).peerID
        _ = plane.handle(.started, now: .origin, wallClockMillis: 1)
        for count in 0..<frames {
            let now = Instant.origin + .milliseconds(count)
            if count.isMultiple(of: 8) {
                _ = plane.handle(.peerDisconnected(partner), now: now, wallClockMillis: 1)
                _ = plane.handle(.peerConnected(partner), now: now, wallClockMillis: 1)
            }
            let frame = generator.mutated(corpus[count % corpus.count], among: corpus)
            _ = plane.handle(.syncMessage(from: partner, frame), now: now, wallClockMillis: 1)
        }
        #expect(plane.membership.count <= 9 && plane.sync.requests.count(to: partner) <= ControlPlaneLimits().maximumSyncRequests)
    }

    /// Every kind of message, about peers that are held and others.
    private func syncCorpus(_ records: [AgedRecord]) throws -> [[UInt8]] {
        let versions = records.map(\.sealed.version)
        var forgotten = versions[1]
        forgotten.isForgotten = true
        let range = try #require(SyncRange(prefix: versions[0].key.bits >> 60, depth: 1))
        let messages = [
            SyncMessage(digest: 7), SyncMessage(ranges: [(.all, .held(versions))], sendsMissing: true),
            SyncMessage(ranges: [(.all, .digests(Array(repeating: 1, count: 16))), (range, .held([versions[0]]))]),
            SyncMessage(offered: versions + [forgotten], wanted: versions.map(\.key)), SyncMessage(records: records.map(\.message)),
        ]
        return messages.flatMap { $0.encoded(maximumLength: 2000) }
    }

    @Test func tokens() throws {
        var generator = SeededGenerator(seed: testSeed("tokens"))
        let tokens = [0, 1].map { JoinToken(secret: secret(UInt8($0)), overlay: secret().defaultOverlay(attempt: $0), bootstrap: []) }
        let corpus = tokens.map { Array($0.text.utf8) }
        for count in 0..<frames {
            let text = String(decoding: generator.mutated(corpus[count % 2], among: corpus), as: UTF8.self)
            if let parsed = try? JoinToken(text) { #expect(tokens.contains(parsed)) }
        }
    }
}
