import Crypto
import Multiformats
import SwiftASN1

extension PeerCertificate {
    /// Our own certificate, in DER. It is valid for two thousand years: what a clock shows on either side is then no reason to refuse it.
    ///
    /// - Parameters:
    ///   - key: the certificate's own; not the host's (tls/tls.md).
    ///   - serial: random, for those who tell certificates apart by it.
    package static func make(
        for identity: Identity, key: P256.Signing.PrivateKey, serial: UInt32
    ) throws(PeerCertificateError) -> [UInt8] {
        do {
            let body = try DER.Serializer.serialized { try $0.serializeBody(identity, key, serial) }
            let signature = try key.signature(for: body).derRepresentation
            return try DER.Serializer.serialized { coder in
                try coder.appendConstructedNode(identifier: .sequence) { coder in
                    coder.serializeRawBytes(body)
                    try coder.serializeAlgorithm()
                    try coder.serialize(ASN1BitString(bytes: ArraySlice(signature)))
                }
            }
        } catch {
            throw .signingFailed
        }
    }

    fileprivate static func signedHostKey(_ identity: Identity, _ subjectKey: [UInt8]) throws -> [UInt8] {
        let signature = try identity.sign(signaturePrefix + subjectKey)
        return try DER.Serializer.serialized { coder in
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                try coder.serialize(ASN1OctetString(contentBytes: ArraySlice(identity.publicKey.protobuf)))
                try coder.serialize(ASN1OctetString(contentBytes: ArraySlice(signature)))
            }
        }
    }
}

/// The fields in their order; what each is: `CertificateFields`.
extension DER.Serializer {
    fileprivate static func serialized(_ write: (inout Self) throws -> Void) rethrows -> [UInt8] {
        var coder = Self()
        try write(&coder)
        return coder.serializedBytes
    }

    fileprivate mutating func serializeBody(_ identity: Identity, _ key: P256.Signing.PrivateKey, _ serial: UInt32) throws {
        let subjectKey = [UInt8](key.publicKey.derRepresentation)
        try appendConstructedNode(identifier: .sequence) { coder in
            try coder.serialize(CertificateFields.Body.version3, explicitlyTaggedWithTagNumber: 0, tagClass: .contextSpecific)
            try coder.serialize(Int(serial))
            try coder.serializeAlgorithm()
            try coder.serializeName()
            try coder.serializeValidity()
            try coder.serializeName()
            coder.serializeRawBytes(subjectKey)
            try coder.serializeExtension(value: PeerCertificate.signedHostKey(identity, subjectKey))
        }
    }

    fileprivate mutating func serializeAlgorithm() throws {
        try appendConstructedNode(identifier: .sequence) { try $0.serialize(ASN1ObjectIdentifier.ecdsaWithSHA256) }
    }

    /// Nobody reads it, but some want one: organizationName "libp2p", as in the specification's examples.
    private mutating func serializeName() throws {
        try appendConstructedNode(identifier: .sequence) { coder in
            try coder.appendConstructedNode(identifier: .set) { coder in
                try coder.appendConstructedNode(identifier: .sequence) { coder in
                    try coder.serialize(ASN1ObjectIdentifier.NameAttributes.organizationName)
                    try coder.serialize(ASN1PrintableString("libp2p"))
                }
            }
        }
    }

    private mutating func serializeValidity() throws {
        try appendConstructedNode(identifier: .sequence) { coder in
            try coder.serialize(UTCTime(year: 1975, month: 1, day: 1, hours: 0, minutes: 0, seconds: 0))
            try coder.serialize(
                GeneralizedTime(year: 4096, month: 1, day: 1, hours: 0, minutes: 0, seconds: 0, rawFractionalSeconds: [][...]))
        }
    }

    private mutating func serializeExtension(value: [UInt8]) throws {
        try serialize(explicitlyTaggedWithTagNumber: 3, tagClass: .contextSpecific) { coder in
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                try coder.appendConstructedNode(identifier: .sequence) { coder in
                    try coder.serialize(PeerCertificate.extensionID)
                    try coder.serialize(ASN1OctetString(contentBytes: ArraySlice(value)))
                }
            }
        }
    }
}
