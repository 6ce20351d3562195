import WeftTestKit

/// Golden values, checked against go-libp2p, py-libp2p and libsodium.
enum Vector {
    static let seed = (0..<32).map { UInt8($0) }
    static let publicKey = hex("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8")
    static let publicKeyProtobuf = hex("08011220") + publicKey
    static let privateKeyProtobuf = hex("08011240") + seed + publicKey
    static let peerID = hex("0024") + publicKeyProtobuf
    static let peerIDBase58 = "12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB"
    static let peerIDCID = "bafzaajaiaejcaa5ba677htqqxyoxbxiy45f4bglh4tldbg5fbvpr3xegmqjfkmny"

    static let pubsubSigned =
        Array("libp2p-pubsub:".utf8) + hex("0a26") + peerID
        + hex("120568656c6c6f1a080000000000000001220d7732773a616e6e6f756e636573")
    static let pubsubSignature = hex(
        """
        b76a663f231f56fce64645274e61fb62dbb399a59b4060c6a3d524fe653e558c
        d358607314a4222082add0855b1e4a4981e39b7f9d6c6e57d073efdbec4c1e0c
        """)

    static let record = hex("0a26") + peerID + hex("10011a0a0a08040a000001060fa1")
    static let envelope =
        hex("0a24") + publicKeyProtobuf + hex("120203011a36") + record
        + hex(
            """
            2a40dd00abd417eb6e3bdf6c29159f5b4660e5f2edad79591f22f08ef27ffd16f8b8
            ef01bad7566b6e81d4320832f6e010e7e2817ea16b0fb9940a480e1e3e41ac06
            """)
    static let envelopeSignedBytes = hex("126c69627032702d706565722d7265636f726402030136") + record

    /// DER SubjectPublicKeyInfo of the private key 0x0102…20, the id of its peer, and its signature of "weft"; by OpenSSL.
    static let p256Key = hex(
        """
        3059301306072a8648ce3d020106082a8648ce3d03010703420004515c3d6eb9e396b904d3feca7f54fdcd0cc1e997bf375dca515ad0a6c3b4035f
        4536be3a50f318fbf9a5475902a221502bef0d57e08c53b2cc0a56f17d9f9354
        """)
    static let p256PeerID = hex("1220aa5f5da1a21f7c4dd8c20dd8cc1fd1ceac0302cb5518dc5e6f5cfa8cde91985c")
    static let p256Signature = hex(
        """
        304502204bcce5cbf245f2488dd1fa59ef2611f04fe51d95324a05abb4baabb4ea4c2bfb0221
        0085633c0e4ec59c932004b83a4947f3d8894a7ef7055a5ae77e96420e9ff4e8dd
        """)
    /// The same private key on secp256k1; of the two signatures that fit, the lower one, and the other.
    static let secp256k1Key = hex("0284bf7562262bbd6940085748f3be6afa52ae317155181ece31b66351ccffa4b0")
    static let secp256k1PeerID = "16Uiu2HAm4Ms862Gnqafssgvik4JJ1LuqWMcKNipq4nm2UaoLRbeP"
    static let secp256k1Signatures = [
        hex(
            """
            3045022100a522947b21208669adc51f6a52666f0d6cbdb5531927d5ad05ed01ac132fc1e902200720bb2e7a1a43c1ca9150ecfc7d5c4e841c32f9
            ca375e5c9c2e7202274caefb
            """),
        hex(
            """
            3046022100a522947b21208669adc51f6a52666f0d6cbdb5531927d5ad05ed01ac132fc1e9022100f8df44d185e5bc3e356eaf130382a3b03692a9
            ece51141df23a3ec8aa8e99246
            """),
    ]

    /// DER SubjectPublicKeyInfo of a key of 2,048 bits, the id of its peer, and signatures of "weft"; by OpenSSL.
    static let rsaKey = hex(
        """
        30820122300d06092a864886f70d01010105000382010f003082010a0282010100bfeefb0cc3c6dcb485960cd35f0477bbf141e1955fd565f9435a
        0a5a0ff1822490df01068e16f649ddd9676df2e9263157bf99e0acde5fbbd25c04ce9de2207f447e1a34ba94d4b087969518d2e90e56e3b1325760
        ec8d2bdc882846c9ea1937857d5ad9eb37c3ffa019707ef179af8974c4738ab5bdda9f6d4d883f3489c09a60eaac76898aef3627b471d93fd5d1fb
        88f090dd222d537bc58ab3557b84499bbe7913ef84551c7a30ee8201222abdc925d9db1b8c5b2bdf51daa0b2934aa251ab3fd422c9bca49d554a54
        5b727d8e3e784c7b166506731764933822b67267adf6e4e78ffdc766acf1001df9ad4ec7bc2b4db094f3e234727b719d089519ee4b0203010001
        """)
    static let rsaPeerID = hex("1220f3e8052356668760aac812df5a9034a13c15ac75bdb6712b57e3111fec8e0b1d")
    static let rsaSignature = hex(
        """
        77113e3079ff1d12eddc5f6a036b822c7c3b7accb035bc8ad773fa3c21fca94c8cb9c535fce51e3fe74d64d987e8f2977cb1f56b09c0b3e6bfb086
        4dccb05056242df3cba33eb2ab7cfec18181b2bdfb29a11206785d3784cbbe40e21bfc801fe90e62c4f4e61131e33b7787fdfe7a794a3924dbb1c0
        3e67d5b7805b2b74bcce7864025a47d4d768ee8f2f2faebd4aa02552568000c18a84e6ca9ff80c0535a3f5bfbb046320498389dc6d5ea4476f18b0
        c91e3370d8e8b20deace9b7fa43a36f7510f3d05bbdd957ca6bcf8e7773611d38bf5930c8b1cb905be422f43624fae05d89168fc80fa4417d55b1f
        46e1d7587fdf79c975bd940d1220afe85c92af39
        """)
    /// The same, with other paddings and hashes than libp2p's: PSS, and SHA-1.
    static let otherRSASignatures = [
        hex(
            """
            aa8b6900be75ec98cdd8e16cfef811b073a7e52f5424d2be5ebe9390364bd24b3ae3a9d62525ecfa35a1215689148322730c159eca1a4bfea59501
            598899c1593a61b7b24cd97c9feb75a61a9a1483cce0a2a65bb4bb9b814814f3f461570fe9972be848c286e5398f8e892130d2a434737f6d1c9af1
            9144da0d368c8642daaa27dcf67b5d89a9cdcc5ee69669ef2bb234728a57643a6d0e871fc1fe185c6879bbd20bb0c720c268fcfa7f1ee54664c416
            4ff73be20c3048d9c46f3b1ad16435a811954b495e1e0de915602890a3f872ae4cb2c1e40502af0eebee1afaa0481dd823241832e122e4e8c1a6a3
            a90d173590d34260cede0473b0b97749f210b5a9
            """),
        hex(
            """
            2768ff4aaefdbd55d7234473d8d8838bccccaa4f4c2c413c979c70103bf6269ed6f4bca361bd6ad2793e871a4f6ddba8ee4adfce63375e9fca10ef
            803498c6bfb042e36aa0b6e407ec47c22af6d5485777582c57511aa3ea4d18a45b011715ff92ed4366f5f0b07b0ed3eb3108ebdb1c4f5fc2c2431a
            326d57dd495ea6b7ce3b005e0bbf79d2d2a9e2ce5729fd2399749f2c85443da2b04c83370683340d6ce1086e3bc685b9e450242078158cc05213a9
            d5a95f4aae5fb859b5f8483be9df621555af3868b3a2cf82f3ee12f928c85aa606d07882afb8d31966614d571be496724affaf36b4d1c02c25cd4d
            d65383d120665c0c87ba22ec9ddcba5dd4568578
            """),
    ]
    /// Text and bytes of addresses.
    static let multiaddrs: [(text: String, bytes: [UInt8])] = [
        ("/ip4/127.0.0.1/tcp/4001/p2p/\(peerIDBase58)", hex("047f000001060fa1a50326") + peerID),
        ("/ip6/::1/tcp/1", hex("2900000000000000000000000000000001060001")),
        ("/dns4/example.org/tcp/443", hex("360b6578616d706c652e6f72670601bb")),
        (
            "/ip4/1.2.3.4/tcp/1/p2p/\(peerIDBase58)/p2p-circuit/p2p/\(peerIDBase58)",
            hex("0401020304060001a50326") + peerID + hex("a202a50326") + peerID
        ),
        ("/ip4/1.2.3.4/udp/5/quic-v1", hex("040102030491020005cd03")),
        ("/ip4/1.2.3.4/udp/5/quic", hex("040102030491020005cc03")),
        ("/dns/a.example/tcp/80/ws", hex("3509612e6578616d706c65060050dd03")),
        ("/dns6/a.example/tcp/80/tls/ws", hex("3709612e6578616d706c65060050c003dd03")),
        ("/dnsaddr/a.example/tcp/80/wss", hex("3809612e6578616d706c65060050de03")),
        ("/ip6zone/eth0/ip6/fe80::1/tcp/1", hex("2a046574683029fe800000000000000000000000000001060001")),
        ("/ip4/10.0.0.0/ipcidr/8", hex("040a0000002b08")),
        ("/unix/run/weft.sock", hex("90030e2f72756e2f776566742e736f636b")),
    ]
}
