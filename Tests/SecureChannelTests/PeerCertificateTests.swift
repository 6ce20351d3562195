import Crypto
import Multiformats
import Testing
import WeftTestKit

@testable import SecureChannel

@Suite struct PeerCertificateTests {
    /// In the middle of the validity of a `TestCertificate`: 2026-07-01.
    static let now: Int64 = 1_782_864_000

    private let identity: Identity

    init() throws {
        identity = try Identity(seed: [UInt8](repeating: 3, count: Identity.seedLength))
    }

    private func read(_ der: [UInt8], at time: Int64 = now) throws(PeerCertificateError) -> PeerID {
        try PeerCertificate(der: der, unixSeconds: time).hostKey.peerID
    }

    private func expect(_ error: PeerCertificateError, _ change: (inout TestCertificate) throws -> Void) throws {
        var certificate = try TestCertificate(identity)
        try change(&certificate)
        #expect(throws: error) { try read(certificate.encoded()) }
    }

    @Test func soundOnesAreRead() throws {
        #expect(try read(TestCertificate(identity).encoded()) == identity.peerID)
        var critical = try TestCertificate(identity)
        critical.isCritical = true
        #expect(try read(critical.encoded()) == identity.peerID)
        var withOthers = try TestCertificate(identity)
        withOthers.otherExtensions = [TestCertificate.extensionField([0x55, 0x1d, 0x0e], [1, 2, 3])]
        #expect(try read(withOthers.encoded()) == identity.peerID)
    }

    @Test func oursIsRead() throws {
        let der = try PeerCertificate.make(for: identity, key: P256.Signing.PrivateKey(), serial: .max)
        for time in [UnixTime.midnight(1975, 1, 1), Self.now, UnixTime.midnight(4096, 1, 1)] {
            #expect(try read(der, at: time) == identity.peerID)
        }
        #expect(der.count < 512)
    }

    @Test func otherKeysOfCertificatesAreRead() throws {
        let p384 = P384.Signing.PrivateKey()
        var certificate = try TestCertificate(identity)
        certificate.innerAlgorithm = der(0x30, der(0x06, [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03]))
        certificate.outerAlgorithm = certificate.innerAlgorithm
        var subjectKey = [UInt8](p384.publicKey.derRepresentation)
        certificate.hostSignature = try identity.sign(PeerCertificate.signaturePrefix + subjectKey)
        let first = try certificate.encoded(subjectKey: subjectKey) { [UInt8](try p384.signature(for: $0).derRepresentation) }
        #expect(try read(first) == identity.peerID)

        let ed25519 = Curve25519.Signing.PrivateKey()
        certificate.innerAlgorithm = der(0x30, der(0x06, [0x2b, 0x65, 0x70]))
        certificate.outerAlgorithm = certificate.innerAlgorithm
        subjectKey = der(0x30, certificate.innerAlgorithm, der(0x03, [0] + [UInt8](ed25519.publicKey.rawRepresentation)))
        certificate.hostSignature = try identity.sign(PeerCertificate.signaturePrefix + subjectKey)
        let second = try certificate.encoded(subjectKey: subjectKey) { [UInt8](try ed25519.signature(for: $0)) }
        #expect(try read(second) == identity.peerID)
        #expect(throws: PeerCertificateError.badSelfSignature) {
            try read(certificate.encoded(subjectKey: subjectKey) { _ in [UInt8](repeating: 1, count: 64) })
        }
    }

    // MARK: The specification's vectors

    @Test(arguments: TLSVectors.valid) func vectorsAreRead(vector: TLSVectors.Valid) throws {
        #expect(try "\(read(hex(vector.certificate)))" == vector.peer)
    }

    @Test func vectorOfAnotherHostIsRefused() {
        #expect(throws: PeerCertificateError.badHostSignature) { try read(hex(TLSVectors.invalid)) }
    }

    // MARK: Each fault

    @Test func validityIsKept() throws {
        let der = try TestCertificate(identity).encoded()
        let (from, to) = (UnixTime.midnight(2026, 1, 1), UnixTime.midnight(2027, 1, 1))
        #expect(throws: PeerCertificateError.notYetValid) { try read(der, at: from - 1) }
        #expect(throws: PeerCertificateError.expired) { try read(der, at: to + 1) }
        #expect(try read(der, at: from) == identity.peerID)
        #expect(try read(der, at: to) == identity.peerID)
    }

    @Test func daysAreCounted() {
        #expect(UnixTime.midnight(1970, 1, 1) == 0)
        #expect(UnixTime.midnight(2000, 2, 29) == 951_782_400)
        #expect(UnixTime.midnight(2000, 3, 1) == 951_868_800)
        #expect(UnixTime.midnight(2100, 3, 1) == 4_107_542_400)
        #expect(UnixTime.midnight(1, 1, 1) == -62_135_596_800)
        #expect(UnixTime.midnight(1969, 12, 31) + UnixTime.sinceMidnight(23, 59, 59) == -1)
    }

    @Test func selfSignatureIsChecked() throws {
        let other = P256.Signing.PrivateKey()
        let certificate = try TestCertificate(identity)
        #expect(throws: PeerCertificateError.badSelfSignature) {
            try read(certificate.encoded { [UInt8](try other.signature(for: $0).derRepresentation) })
        }
        #expect(throws: PeerCertificateError.badSelfSignature) { try read(certificate.encoded { _ in [] }) }
    }

    @Test func signatureMustFitItsKey() throws {
        try expect(.unsupportedSignature) {  // SHA-384, with a key of P-256
            $0.innerAlgorithm = der(0x30, der(0x06, [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03]))
            $0.outerAlgorithm = $0.innerAlgorithm
        }
        try expect(.unsupportedSignature) {  // RSA
            $0.innerAlgorithm = der(0x30, der(0x06, [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]))
            $0.outerAlgorithm = $0.innerAlgorithm
        }
        try expect(.malformed) { $0.outerAlgorithm = der(0x30, der(0x06, [0x2b, 0x65, 0x70])) }
    }

    @Test func hostKeyMustBeThere() throws {
        try expect(.noHostKey) { $0.hasHostKey = false }
        try expect(.malformedHostKey) { $0.hostKey = [1, 2, 3] }
        try expect(.malformedHostKey) { $0.hostKey += [0] }
        try expect(.malformed) { $0.otherExtensions = [TestCertificate.extensionField(TestCertificate.hostKeyID, [])] }
    }

    @Test func hostSignatureIsChecked() throws {
        let other = try Identity(seed: [UInt8](repeating: 4, count: Identity.seedLength))
        try expect(.badHostSignature) { $0.hostKey = other.publicKey.protobuf }
        try expect(.badHostSignature) { $0.hostSignature = try identity.sign([UInt8]($0.key.publicKey.derRepresentation)) }
        let taken = try TestCertificate(identity)  // whose extension is put into a certificate of one's own
        try expect(.badHostSignature) { ($0.hostKey, $0.hostSignature) = (taken.hostKey, taken.hostSignature) }
    }

    @Test func whatMustBeUnderstoodAndIsNotEndsIt() throws {
        try expect(.unknownCriticalExtension("2.5.29.99")) {
            $0.otherExtensions = [TestCertificate.extensionField([0x55, 0x1d, 0x63], isCritical: true, [])]
        }
    }

    @Test func otherFormsAreMalformed() throws {
        try expect(.malformed) { $0.version = 1 }
        try expect(.malformed) { $0.uniqueIDs = der(0x81, [0, 1]) }
        try expect(.malformed) { $0.uniqueIDs = der(0x82, [0, 1]) }
        try expect(.malformed) { $0.notAfter = der(0x17, Array("271301000000Z".utf8)) }
        try expect(.malformed) { $0.notBefore = der(0x0c, Array("260101000000Z".utf8)) }
        let sound = try TestCertificate(identity).encoded()
        #expect(throws: PeerCertificateError.malformed) { try read(sound + [0]) }
        #expect(throws: PeerCertificateError.malformed) { try read([]) }
        #expect(throws: PeerCertificateError.malformed) { try read(Array(sound.dropLast())) }
    }

    /// A signature consists of bytes; DER itself would allow bits, if those that are not used are zero.
    @Test func signatureHasWholeBytes() throws {
        var certificate = try TestCertificate(identity)
        certificate.unusedSignatureBits = 1
        var endsEven: [UInt8] = []
        let key = certificate.key
        while endsEven.last.map({ $0 % 2 == 1 }) ?? true {
            endsEven = try certificate.encoded { [UInt8](try key.signature(for: $0).derRepresentation) }
        }
        #expect(throws: PeerCertificateError.malformed) { try read(endsEven) }
    }

    // MARK: Bounds

    @Test func lengthIsBounded() throws {
        func certificate(padding: Int) throws -> [UInt8] {
            var certificate = try TestCertificate(identity)
            certificate.otherExtensions = [TestCertificate.extensionField([0x55, 0x1d, 0x0e], [UInt8](repeating: 0, count: padding))]
            return try certificate.encoded { _ in [UInt8](repeating: 0, count: 64) }  // of a constant length
        }
        let room = try PeerCertificate.maximumByteCount - certificate(padding: 1000).count + 1000
        #expect(try certificate(padding: room).count == PeerCertificate.maximumByteCount)
        #expect(throws: PeerCertificateError.badSelfSignature) { try read(certificate(padding: room)) }
        #expect(throws: PeerCertificateError.tooLong) { try read(certificate(padding: room + 1)) }
    }

    /// Sequences in sequences, as deep as fits.
    @Test func depthIsBounded() {
        var nested: [UInt8] = []
        while nested.count < PeerCertificate.maximumByteCount - 8 { nested = der(0x30, nested) }
        #expect(throws: PeerCertificateError.malformed) { try read(nested) }
    }

    @Test func damagedOnesAreRefused() throws {
        var random = SeededGenerator(seed: testSeed("damaged certificates"))
        let corpus = [try TestCertificate(identity).encoded()] + TLSVectors.valid.map { hex($0.certificate) }
        for _ in 0..<5000 {
            guard let sound = corpus.randomElement(using: &random) else { continue }
            let damaged = random.mutated(sound, among: corpus)
            if corpus.contains(damaged) { continue }
            #expect(throws: PeerCertificateError.self) { try read(damaged) }
        }
    }
}

/// libp2p specification, tls/tls.md, "Test vectors".
enum TLSVectors {
    struct Valid: Sendable {
        let certificate: String
        let peer: String
    }

    static let valid = [
        Valid(
            certificate: """
                308201ae30820156a0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c69627032702e696f310a
                300806035504051301313020170d3735303130313133303030305a180f34303936303130313133303030305a302031123010060355040a
                13096c69627032702e696f310a300806035504051301313059301306072a8648ce3d020106082a8648ce3d030107034200040c901d423c
                831ca85e27c73c263ba132721bb9d7a84c4f0380b2a6756fd601331c8870234dec878504c174144fa4b14b66a651691606d8173e55bd37
                e381569ea37c307a3078060a2b0601040183a25a0101046a3068042408011220a77f1d92fedb59dddaea5a1c4abd1ac2fbde7d7b879ed3
                64501809923d7c11b90440d90d2769db992d5e6195dbb08e706b6651e024fda6cfb8846694a435519941cac215a8207792e42849cccc6c
                d8136c6e4bde92a58c5e08cfd4206eb5fe0bf909300a06082a8648ce3d0403020346003043021f50f6b6c52711a881778718238f650c9f
                b48943ae6ee6d28427dc6071ae55e702203625f116a7a454db9c56986c82a25682f7248ea1cb764d322ea983ed36a31b77
                """,
            peer: "12D3KooWM6CgA9iBFZmcYAHA6A2qvbAxqfkmrYiRQuz3XEsk4Ksv"),
        Valid(
            certificate: """
                308201f63082019da0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c69627032702e696f310a
                300806035504051301313020170d3735303130313133303030305a180f34303936303130313133303030305a302031123010060355040a
                13096c69627032702e696f310a300806035504051301313059301306072a8648ce3d020106082a8648ce3d030107034200040c901d423c
                831ca85e27c73c263ba132721bb9d7a84c4f0380b2a6756fd601331c8870234dec878504c174144fa4b14b66a651691606d8173e55bd37
                e381569ea381c23081bf3081bc060a2b0601040183a25a01010481ad3081aa045f0803125b3059301306072a8648ce3d020106082a8648
                ce3d03010703420004bf30511f909414ebdd3242178fd290f093a551cf75c973155de0bb5a96fedf6cb5d52da7563e794b512f66e60c7f
                55ba8a3acf3dd72a801980d205e8a1ad29f2044730450220064ea8124774caf8f50e57f436aa62350ce652418c019df5d98a3ac666c938
                6a022100aa59d704a931b5f72fb9222cb6cc51f954d04a4e2e5450f8805fe8918f71eaae300a06082a8648ce3d04030203470030440220
                799395b0b6c1e940a7e4484705f610ab51ed376f19ff9d7c16757cfbf61b8d4302206205c03fbb0f95205c779be86581d3e31c01871ad5
                d1f3435bcf375cb0e5088a
                """,
            peer: "QmfXbAwNjJLXfesgztEHe8HwgVDCMMpZ9Eax1HYq6hn9uE"),
        Valid(
            certificate: """
                308201ba3082015fa0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c69627032702e696f310a
                300806035504051301313020170d3735303130313133303030305a180f34303936303130313133303030305a302031123010060355040a
                13096c69627032702e696f310a300806035504051301313059301306072a8648ce3d020106082a8648ce3d030107034200040c901d423c
                831ca85e27c73c263ba132721bb9d7a84c4f0380b2a6756fd601331c8870234dec878504c174144fa4b14b66a651691606d8173e55bd37
                e381569ea38184308181307f060a2b0601040183a25a01010471306f0425080212210206dc6968726765b820f050263ececf7f71e49558
                92776c0970542efd689d2382044630440220145e15a991961f0d08cd15425bb95ec93f6ffa03c5a385eedc34ecf464c7a8ab022026b310
                9b8a3f40ef833169777eb2aa337cfb6282f188de0666d1bcec2a4690dd300a06082a8648ce3d0403020349003046022100e1a217eeef9e
                c9204b3f774a08b70849646b6a1e6b8b27f93dc00ed58545d9fe022100b00dafa549d0f03547878338c7b15e7502888f6d45db387e5ae6
                b5d46899cef0
                """,
            peer: "16Uiu2HAkutTMoTzDw1tCvSRtu6YoixJwS46S1ZFxW8hSx9fWHiPs"),
    ]

    /// Its peer's key has not signed it.
    static let invalid = """
        308201f73082019da0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c69627032702e696f310a
        300806035504051301313020170d3735303130313133303030305a180f34303936303130313133303030305a302031123010060355040a
        13096c69627032702e696f310a300806035504051301313059301306072a8648ce3d020106082a8648ce3d030107034200040c901d423c
        831ca85e27c73c263ba132721bb9d7a84c4f0380b2a6756fd601331c8870234dec878504c174144fa4b14b66a651691606d8173e55bd37
        e381569ea381c23081bf3081bc060a2b0601040183a25a01010481ad3081aa045f0803125b3059301306072a8648ce3d020106082a8648
        ce3d03010703420004bf30511f909414ebdd3242178fd290f093a551cf75c973155de0bb5a96fedf6cb5d52da7563e794b512f66e60c7f
        55ba8a3acf3dd72a801980d205e8a1ad29f204473045022100bb6e03577b7cc7a3cd1558df0da2b117dfdcc0399bc2504ebe7de6f65cad
        e72802206de96e2a5be9b6202adba24ee0362e490641ac45c240db71fe955f2c5cf8df6e300a06082a8648ce3d04030203480030450221
        00e847f267f43717358f850355bdcabbefb2cfbf8a3c043b203a14788a092fe8db022027c1d04a2d41fd6b57a7e8b3989e470325de4406
        e52e084e34a3fd56eef0d0df
        """
}
