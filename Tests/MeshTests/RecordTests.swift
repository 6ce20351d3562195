import IPAddresses
import Multiformats
import Testing
import WeftTestKit
import WireGuard

@testable import Mesh

@Suite struct RecordTests {
    @Test func roundTripsWithEverythingInIt() throws {
        let sealed = try record(1) { record in
            record.addresses.append(AddressClaim(address: address("fd00:1:2:3::5"), claimedAtMillis: .max))
            record.endpoints = (1...8).map { endpoint("[2001:db8::\($0)]:\($0)") }
            record.peeringAddresses = (1...8).map { Multiaddr(tcp: endpoint("[2001:db8::\($0)]:10042")) }
            record.name = name(String(repeating: "n", count: 63))
            record.hasLeft = true
        }
        #expect(sealed.envelope.count <= RecordLimits.maximumEnvelopeLength)
        #expect(try SealedRecord.open(sealed.envelope) == sealed)
    }

    @Test func refusesForeignAndForgedRecords() throws {
        let sealed = try record(1)
        #expect(throws: RecordError.wrongSigner) { _ = try sealed.record.sealed(by: identity(2)) }
        let payload = try sealed.record.encoded()
        let forged = try SignedEnvelope.seal(payload, type: SealedRecord.payloadType, domain: SealedRecord.domain, by: identity(2))
        #expect(throws: RecordError.wrongSigner) { _ = try SealedRecord.open(forged.encoded) }
        let otherDomain = try SignedEnvelope.seal(payload, type: SealedRecord.payloadType, domain: "other", by: identity(1))
        #expect(throws: RecordError.badSignature) { _ = try SealedRecord.open(otherDomain.encoded) }
        #expect(throws: RecordError.tooLong(byteCount: 1025)) { _ = try SealedRecord.open([UInt8](repeating: 0, count: 1025)) }
        #expect(throws: RecordError.badEnvelope) { _ = try SealedRecord.open([]) }
    }

    @Test func ownRecordsKeepTheLimits() throws {
        func expect(_ error: RecordError, _ change: @escaping (inout NodeRecord) -> Void) {
            #expect(throws: error) { _ = try record(1, change: change) }
        }
        expect(.sequenceOutOfRange) { $0.sequence = 0 }
        expect(.sequenceOutOfRange) { $0.sequence = RecordLimits.maximumSequence + 1 }
        expect(.leaseOutOfRange) { $0.lease = .seconds(59) }
        expect(.leaseOutOfRange) { $0.lease = .seconds(91 * 86_400) }
        expect(.tooManyAddresses) { $0.addresses += $0.addresses }
        expect(.tooManyEndpoints) { $0.endpoints = .init(repeating: endpoint("1.2.3.4:5"), count: 9) }
        expect(.tooManyPeeringAddresses) { $0.peeringAddresses = .init(repeating: Multiaddr(tcp: endpoint("1.2.3.4:5")), count: 9) }
        expect(.softwareTooLong) { $0.software = String(repeating: "x", count: 33) }
        #expect(throws: RecordError.tooLong(byteCount: 1920)) {
            _ = try record(1) {
                $0.peeringAddresses = .init(repeating: Multiaddr(components: [.dns(String(repeating: "d", count: 200))]), count: 8)
            }
        }
    }

    @Test func foreignRecordsKeepTheLimits() throws {
        func expect(_ error: RecordError, _ change: (inout WireNodeRecordMessage) -> Void) throws {
            #expect(throws: error) { _ = try open(change) }
        }
        try expect(.sequenceOutOfRange) { $0.sequence = 0 }
        try expect(.sequenceOutOfRange) { $0.sequence = .max }
        for bad in ["", "Host", "a.b", "-a", "a-", "a b", "ä", String(repeating: "a", count: 64)] {
            try expect(.invalidName) { $0.name = bad }
        }
        try expect(.invalidWireGuardKey) { $0.wireguardKey.removeLast() }
        try expect(.invalidWireGuardKey) { $0.wireguardKey = .init(repeating: 0, count: 32) }
        try expect(.invalidPort) { $0.wireguardPort = 65_536 }
        try expect(.leaseOutOfRange) { $0.leaseSeconds = 59 }
        try expect(.leaseOutOfRange) { $0.leaseSeconds = .max }
        try expect(.invalidAddress) { $0.addresses[0].address.removeLast() }
        try expect(.tooManyAddresses) { $0.addresses += $0.addresses }
        try expect(.tooManyAddresses) { $0.addresses = .init(repeating: $0.addresses[0], count: 3) }
        try expect(.tooManyEndpoints) { $0.endpoints = .init(repeating: $0.endpoints[0], count: 9) }
        try expect(.tooManyPeeringAddresses) { $0.peeringAddresses = .init(repeating: .init([1]), count: 9) }
        try expect(.softwareTooLong) { $0.software = String(repeating: "x", count: 33) }
        try expect(.malformed) { $0.peerID = .init([1, 2, 3]) }
    }

    @Test func dropsSingleAddressesThatMakeNoSense() throws {
        let opened = try open { message in
            var bad: [WireEndpointMessage] = []
            for (text, port) in [
                ("0.0.0.0", 1), ("224.0.0.1", 1), ("127.0.0.1", 1), ("::1", 1), ("fe80::1", 1), ("9.9.9.9", 0), ("9.9.9.9", 70_000),
            ] {
                var message = WireEndpointMessage()
                message.address = .init(address(text).bytes)
                message.port = UInt32(port)
                bad.append(message)
            }
            message.endpoints = bad + [message.endpoints[0]]
            message.peeringAddresses.append(.init([0xff, 0xff, 0x03]))
        }
        #expect(opened.record.endpoints == [endpoint("192.0.2.1:10042")])
        #expect(opened.record.peeringAddresses.count == 1)
    }

    @Test func unknownFieldsTravelOn() throws {
        let author = try identity(1)
        let payload = try record(1).record.encoded() + [0xfa, 0x07, 3, 1, 2, 3]  // field 127
        let envelope = try SignedEnvelope.seal(payload, type: SealedRecord.payloadType, domain: SealedRecord.domain, by: author)
        let opened = try SealedRecord.open(envelope.encoded)
        #expect(opened.record == (try record(1)).record)
        #expect(opened.envelope == envelope.encoded)
    }

    /// What is held was verified when it came; the same bytes need not be again, and others always are.
    @Test func onlyTheSameBytesPassWithoutVerification() throws {
        var membership = try controlPlane(0).membership
        let held = try record(1)
        _ = membership.merge(held, age: .zero, now: .origin)
        #expect(try SealedRecord.open(held.envelope, holding: membership) == held)
        var forged = held.envelope
        forged[forged.count - 1] ^= 1
        #expect(throws: RecordError.badSignature) { _ = try SealedRecord.open(forged, holding: membership) }
    }

    @Test func agesAreCapped() throws {
        let aged = AgedRecord(try record(1), age: .milliseconds(1234))
        #expect(try Announcement.decode(Announcement.record(aged).encoded, holding: try controlPlane(0).membership) == .record(aged))
        var message = aged.message
        message.ageMillis = .max
        #expect(try AgedRecord(message).age == RecordLimits.leaseRange.upperBound)
        #expect(AgedRecord(try record(1), age: .seconds(-5)).age == .zero)
    }

    @Test(arguments: [
        ("Host-A", "host-a"), ("web.example.com", "web"), ("my_laptop", "my-laptop"), ("-x-", "x"), ("", "node"), ("...", "node"),
        ("---", "node"),
        ("Jürgen's PC", "j--rgen-s-pc"), ("7", "7"),
    ])
    func hostnamesBecomeNames(hostname: String, expected: String) {
        #expect(NodeName(hostname: hostname).text == expected)
    }

    @Test func longHostnamesAreCut() {
        #expect(NodeName(hostname: String(repeating: "a", count: 62) + "-b").text == String(repeating: "a", count: 62))
    }

    private func open(_ change: (inout WireNodeRecordMessage) -> Void) throws -> SealedRecord {
        var message = try WireNodeRecordMessage(serializedBytes: record(1).record.encoded())
        change(&message)
        let payload: [UInt8] = try message.serializedBytes()
        let envelope = try SignedEnvelope.seal(payload, type: SealedRecord.payloadType, domain: SealedRecord.domain, by: identity(1))
        return try SealedRecord.open(envelope.encoded)
    }
}
