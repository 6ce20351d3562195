import SwiftASN1

/// What is needed of an X.509 certificate (RFC 5280 section 4.1), read from DER.
///
///     Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm AlgorithmIdentifier, signatureValue BIT STRING }
struct CertificateFields: DERParseable {
    /// The part that is signed.
    struct Body {
        /// Seconds since 1970.
        let notBefore: Int64
        let notAfter: Int64
        /// The SubjectPublicKeyInfo as it came.
        let subjectKey: [UInt8]
        let extensions: [CertificateExtension]
    }

    let body: Body
    let signedBytes: [UInt8]
    let algorithm: ASN1ObjectIdentifier
    let signature: [UInt8]

    init(derEncoded node: ASN1Node) throws {
        self = try DER.sequence(node, identifier: .sequence) { nodes in
            let signed = try nodes.required()
            let algorithm = try nodes.required()
            let signature = try ASN1BitString(derEncoded: &nodes)
            return try CertificateFields(signed: signed, algorithm: algorithm, signature: signature)
        }
    }

    private init(signed: ASN1Node, algorithm: ASN1Node, signature: ASN1BitString) throws {
        guard signature.paddingBits == 0 else { throw CertificateFault() }  // a signature has whole bytes
        body = try Body(signed, signedWith: algorithm)
        signedBytes = Array(signed.encodedBytes)
        // Its parameters are absent in all algorithms that are supported: such a sequence has this one element.
        self.algorithm = try DER.sequence(algorithm, identifier: .sequence) { try ASN1ObjectIdentifier(derEncoded: &$0) }
        self.signature = Array(signature.bytes)
    }
}

extension CertificateFields.Body {
    static let version3 = 2

    /// TBSCertificate ::= SEQUENCE { [0] version, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, [3] extensions };
    /// the unique ids between the last two are deprecated, and libp2p does not allow them.
    fileprivate init(_ node: ASN1Node, signedWith algorithm: ASN1Node) throws {
        self = try DER.sequence(node, identifier: .sequence) { nodes in
            let version = try DER.explicitlyTagged(&nodes, tagNumber: 0, tagClass: .contextSpecific) { try Int(derEncoded: $0) }
            let _ = try ArraySlice<UInt8>(derEncoded: &nodes)  // the serial number, an INTEGER
            let inner = try nodes.required()
            guard version == Self.version3, inner.encodedBytes == algorithm.encodedBytes else { throw CertificateFault() }
            let _ = try nodes.required()  // the issuer
            let (notBefore, notAfter) = try Self.validity(nodes.required())
            let _ = try nodes.required()  // the subject
            let subjectKey = try nodes.required()
            let extensions = try DER.optionalExplicitlyTagged(&nodes, tagNumber: 3, tagClass: .contextSpecific) { node in
                try DER.sequence(of: CertificateExtension.self, identifier: .sequence, rootNode: node)
            }
            return Self(
                notBefore: notBefore, notAfter: notAfter, subjectKey: Array(subjectKey.encodedBytes),
                extensions: try Self.unambiguous(extensions ?? []))
        }
    }

    /// Each extension at most once (RFC 5280 section 4.2).
    private static func unambiguous(_ extensions: [CertificateExtension]) throws -> [CertificateExtension] {
        guard Set(extensions.map(\.id)).count == extensions.count else { throw CertificateFault() }
        return extensions
    }

    /// Validity ::= SEQUENCE { notBefore Time, notAfter Time }
    private static func validity(_ node: ASN1Node) throws -> (Int64, Int64) {
        try DER.sequence(node, identifier: .sequence) { nodes in (try seconds(nodes.required()), try seconds(nodes.required())) }
    }

    /// Time ::= CHOICE { UTCTime, GeneralizedTime }
    private static func seconds(_ node: ASN1Node) throws -> Int64 {
        if node.identifier == .utcTime {
            let time = try UTCTime(derEncoded: node)
            return UnixTime.midnight(time.year, time.month, time.day) + UnixTime.sinceMidnight(time.hours, time.minutes, time.seconds)
        }
        let time = try GeneralizedTime(derEncoded: node)
        return UnixTime.midnight(time.year, time.month, time.day) + UnixTime.sinceMidnight(time.hours, time.minutes, time.seconds)
    }
}

/// Extension ::= SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
struct CertificateExtension: DERParseable {
    let id: ASN1ObjectIdentifier
    let isCritical: Bool
    let value: [UInt8]

    init(derEncoded node: ASN1Node) throws {
        (id, isCritical, value) = try DER.sequence(node, identifier: .sequence) { nodes in
            let id = try ASN1ObjectIdentifier(derEncoded: &nodes)
            let isCritical = try DER.decodeDefault(&nodes, defaultValue: false)
            return (id, isCritical, Array(try ASN1OctetString(derEncoded: &nodes).bytes))
        }
    }
}

/// What libp2p's extension contains: SignedKey ::= SEQUENCE { publicKey OCTET STRING, signature OCTET STRING }
struct SignedHostKey: DERParseable {
    /// A marshalled key (peer-ids/peer-ids.md).
    let publicKey: [UInt8]
    let signature: [UInt8]

    init(derEncoded node: ASN1Node) throws {
        (publicKey, signature) = try DER.sequence(node, identifier: .sequence) { nodes in
            (Array(try ASN1OctetString(derEncoded: &nodes).bytes), Array(try ASN1OctetString(derEncoded: &nodes).bytes))
        }
    }
}

/// Valid ASN.1, but none of ours.
private struct CertificateFault: Error {}

extension ASN1NodeCollection.Iterator {
    fileprivate mutating func required() throws -> ASN1Node {
        guard let node = next() else { throw CertificateFault() }
        return node
    }
}

enum UnixTime {
    /// Midnight of a day of the Gregorian calendar, in seconds since 1970. Years count from March, so that a leap day is the last of one.
    static func midnight(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        let (year, month) = month > 2 ? (year, month - 3) : (year - 1, month + 9)
        let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1
        return Int64(days - 719_468) * 86_400
    }

    static func sinceMidnight(_ hours: Int, _ minutes: Int, _ seconds: Int) -> Int64 {
        Int64((hours * 60 + minutes) * 60 + seconds)
    }
}
