import Crypto
import Mesh
import Multiformats

/// Records: what each costs that a node makes or hears of.
extension Fixture {
    static func records() throws -> [Benchmark] {
        let identity = try identity(0)
        let record = try record(0, of: identity)
        let envelope = try record.sealed(by: identity).envelope
        let all = try sealedRecords()
        let membership = try membership(of: all)
        return [
            Benchmark("record: seal") { try record.sealed(by: identity).envelope.count },
            Benchmark("record: verify") { try SealedRecord.open(envelope).envelope.count },
            try signature("Ed25519: verify, as we do") { identity, message, signature in
                identity.publicKey.isValidSignature(signature, for: message)
            },
            try signature("Ed25519: verify, by swift-crypto") { identity, message, signature in
                let key = try Curve25519.Signing.PublicKey(rawRepresentation: identity.publicKey.data)
                return key.isValidSignature(signature, for: message)
            },
            Benchmark("membership: merge 1,000 records that are new") { try Self.membership(of: all).count },
            Benchmark("membership: merge a record that is known") {
                var copy = membership
                return copy.merge(all[1], age: .zero, now: now) == .unchanged ? 1 : .min
            },
        ]
    }

    private static func signature(
        _ name: String, _ isValid: @escaping (_ identity: Identity, _ message: [UInt8], _ signature: [UInt8]) throws -> Bool
    ) throws -> Benchmark {
        let identity = try identity(0)
        let message = [UInt8](repeating: 7, count: 200)
        let signature = try identity.sign(message)
        return Benchmark(name) { try isValid(identity, message, signature) ? signature.count : .min }
    }

    /// A membership of all of them, whose own peer is the first.
    static func membership(of records: [SealedRecord]) throws -> Membership {
        var membership = Membership(ownPeer: records[0].record.peer, overlay: try overlay())
        membership.setOwn(records[0], now: now)
        for record in records.dropFirst() { _ = membership.merge(record, age: .zero, now: now) }
        guard membership.count == records.count else { throw BenchmarkError("\(membership.count) of \(records.count) records are taken") }
        return membership
    }
}
