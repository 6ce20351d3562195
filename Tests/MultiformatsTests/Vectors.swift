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
    /// The same private key on secp256k1.
    static let secp256k1Key = hex("0284bf7562262bbd6940085748f3be6afa52ae317155181ece31b66351ccffa4b0")

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
