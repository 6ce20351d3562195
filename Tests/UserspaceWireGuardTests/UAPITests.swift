import IPAddresses
import Testing
import WeftTestKit
import WireGuard

@testable import UserspaceWireGuard

private func publicKey(_ byte: UInt8) throws -> WireGuardPublicKey {
    try #require(WireGuardPublicKey(bytes: [UInt8](repeating: byte, count: 32)))
}

private func hex(_ pair: String) -> String { String(repeating: pair, count: 32) }

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

private func text(_ requests: [[UInt8]]) -> [String] { requests.map { String(decoding: $0, as: UTF8.self) } }

/// As wireguard-go 0.0.20220316 prints it.
private let goDump = """
    private_key=1011111111111111111111111111111111111111111111111111111111111151
    listen_port=5000
    public_key=\(hex("22"))
    preshared_key=\(hex("00"))
    protocol_version=1
    endpoint=1.2.3.4:5
    last_handshake_time_sec=0
    last_handshake_time_nsec=0
    tx_bytes=0
    rx_bytes=0
    persistent_keepalive_interval=0
    allowed_ip=10.0.0.1/32
    public_key=\(hex("33"))
    preshared_key=\(hex("44"))
    protocol_version=1
    endpoint=[fe80::1%eth0]:6
    last_handshake_time_sec=1700000000
    last_handshake_time_nsec=5
    tx_bytes=18446744073709551615
    rx_bytes=92
    persistent_keepalive_interval=25
    allowed_ip=fd00::1/128
    allowed_ip=0.0.0.0/0
    errno=0


    """

/// As boringtun's source prints it: the public key of the device, no private one.
private let boringtunDump = """
    own_public_key=\(hex("55"))
    listen_port=51820
    public_key=\(hex("22"))
    persistent_keepalive_interval=25
    endpoint=[::ffff:9.8.7.6]:5
    allowed_ip=10.0.0.1/32
    last_handshake_time_sec=12
    last_handshake_time_nsec=0
    rx_bytes=1
    tx_bytes=2
    errno=0


    """

@Suite struct UAPIEncodeTests {
    @Test func writesEveryChange() throws {
        let peer = PeerChange(
            publicKey: try publicKey(0x22), presharedKey: WireGuardPresharedKey(bytes: [UInt8](repeating: 0xab, count: 32)),
            endpoint: SocketAddress("[fd00::1]:51820"),
            allowedIPs: [try #require(IPPrefix("fd00::2/128")), try #require(IPPrefix("10.0.0.2/32"))], keepaliveSeconds: 25)
        let changes: [DeviceChange] = [
            .setPrivateKey(try #require(WireGuardPrivateKey(bytes: [UInt8](repeating: 0x11, count: 32)))), .setListenPort(51820),
            .setPeer(peer), .removePeer(try publicKey(0x33)),
        ]
        let expected = """
            set=1
            private_key=\(hex("11"))
            listen_port=51820
            public_key=\(hex("22"))
            preshared_key=\(hex("ab"))
            endpoint=[fd00::1]:51820
            persistent_keepalive_interval=25
            replace_allowed_ips=true
            allowed_ip=10.0.0.2/32
            allowed_ip=fd00::2/128
            public_key=\(hex("33"))
            remove=true


            """
        #expect(text(UAPI.setRequests(for: changes)) == [expected])
    }

    @Test func leavesOutWhatStays() throws {
        let changes: [DeviceChange] = [.setPeer(PeerChange(publicKey: try publicKey(0x22)))]
        #expect(text(UAPI.setRequests(for: changes)) == ["set=1\npublic_key=\(hex("22"))\n\n"])
        #expect(UAPI.setRequests(for: []).isEmpty)
    }

    @Test func anEmptySetOfAllowedIPsClears() throws {
        let changes: [DeviceChange] = [.setPeer(PeerChange(publicKey: try publicKey(0x22), allowedIPs: []))]
        #expect(text(UAPI.setRequests(for: changes)) == ["set=1\npublic_key=\(hex("22"))\nreplace_allowed_ips=true\n\n"])
    }

    @Test func keepsTheOrderOfDeviceSettingsAfterPeers() throws {
        let changes: [DeviceChange] = [.removePeer(try publicKey(0x22)), .setListenPort(7), .removePeer(try publicKey(0x33))]
        #expect(
            text(UAPI.setRequests(for: changes)) == [
                "set=1\npublic_key=\(hex("22"))\nremove=true\n\n",
                "set=1\nlisten_port=7\npublic_key=\(hex("33"))\nremove=true\n\n",
            ])
    }

    @Test func splitsManyPeers() throws {
        var limits = UAPI.Limits()
        limits.peersPerRequest = 2
        let changes = try (1...5).map { DeviceChange.removePeer(try publicKey($0)) }
        let requests = UAPI.setRequests(for: changes, limits: limits)
        #expect(requests.count == 3)
        #expect(text(requests).joined().matches(of: /public_key/).count == 5)
    }
}

@Suite struct UAPIDecodeTests {
    @Test func readsWhatWireguardGoPrints() throws {
        let dump = try UAPI.decodeDump(bytes(goDump))
        #expect(dump.privateKey?.bytes.first == 0x10)
        #expect(dump.state.listenPort == 5000 && dump.state.publicKey == nil && dump.state.peers.count == 2)
        let first = try #require(dump.state.peers[try publicKey(0x22)])
        #expect(first == PeerState(endpoint: SocketAddress("1.2.3.4:5"), allowedIPs: [try #require(IPPrefix("10.0.0.1/32"))]))
        let second = try #require(dump.state.peers[try publicKey(0x33)])
        #expect(second.presharedKey?.bytes == [UInt8](repeating: 0x44, count: 32))
        #expect(second.endpoint == SocketAddress("[fe80::1]:6"))
        #expect(second.lastHandshake == 1_700_000_000 && second.sentBytes == .max && second.receivedBytes == 92)
        #expect(second.keepaliveSeconds == 25 && second.allowedIPs.count == 2)
    }

    @Test func readsWhatBoringtunPrints() throws {
        let dump = try UAPI.decodeDump(bytes(boringtunDump))
        #expect(dump.state.publicKey == (try publicKey(0x55)) && dump.privateKey == nil)
        #expect(dump.state.peers[try publicKey(0x22)]?.endpoint == SocketAddress("9.8.7.6:5"))
    }

    @Test func skipsUnknownKeys() throws {
        #expect(try UAPI.decodeDump(bytes("fwmark=7\nnew=\u{e9}\nerrno=0\n\n")) == UAPI.Dump())
    }

    @Test(arguments: [("errno=98\n\n", Int32(98)), ("errno=-98\n\n", 98), ("errno=-2147483648\n\n", .max)])
    func tellsARefusal(reply: String, number: Int32) {
        #expect(throws: UAPI.Fault.refused(errno: number)) { try UAPI.decodeSetReply(bytes(reply)) }
    }

    @Test(arguments: ["", "\n", "listen_port=1\n", "errno=0", "listen_port=1\n\nerrno=0\n\n"])
    func tellsACutAnswer(reply: String) {
        #expect(throws: UAPI.Fault.incomplete) { try UAPI.decodeDump(bytes(reply)) }
    }

    @Test(arguments: [
        ("listen_port=65536", "listen_port"), ("listen_port=-1", "listen_port"), ("listen_port=", "listen_port"), ("nonsense", ""),
        ("public_key=22", "public_key"), ("private_key=\(hex("g0"))", "private_key"), ("errno=x", "errno"),
    ])
    func tellsAMalformedLine(line: String, key: String) {
        #expect(throws: UAPI.Fault.malformed(line: 1, key: key)) { try UAPI.decodeDump(bytes(line + "\nerrno=0\n\n")) }
    }

    @Test(arguments: ["endpoint=1.2.3.4", "allowed_ip=10.0.0.1", "rx_bytes=18446744073709551616", "preshared_key=00"])
    func tellsAMalformedPeer(line: String) {
        let key = line.prefix { $0 != "=" }
        #expect(throws: UAPI.Fault.malformed(line: 2, key: String(key))) {
            try UAPI.decodeDump(bytes("public_key=\(hex("22"))\n\(line)\nerrno=0\n\n"))
        }
    }

    @Test func everythingIsBounded() {
        var limits = UAPI.Limits()
        limits.peers = 1
        limits.allowedIPsPerPeer = 1
        #expect(throws: UAPI.Fault.tooManyPeers) {
            try UAPI.decodeDump(bytes(goDump.replacing("allowed_ip=0.0.0.0/0\n", with: "")), limits: limits)
        }
        limits.peers = 2
        #expect(throws: UAPI.Fault.tooManyAllowedIPs) { try UAPI.decodeDump(bytes(goDump), limits: limits) }
        limits.lineBytes = 70
        #expect(throws: UAPI.Fault.lineTooLong(line: 1)) { try UAPI.decodeDump(bytes(goDump), limits: limits) }
        limits.replyBytes = 100
        #expect(throws: UAPI.Fault.replyTooLong) { try UAPI.decodeDump(bytes(goDump), limits: limits) }
    }

    @Test func anAnswerIsWholeAtItsEmptyLine() {
        let whole = bytes(goDump)
        for count in 0..<whole.count { #expect(!UAPI.isComplete(Array(whole.prefix(count)))) }
        #expect(UAPI.isComplete(whole))
    }

    @Test func hostileAnswersNeverTrap() {
        var random = SeededGenerator(seed: testSeed("UAPI dumps"))
        let corpus = [goDump, boringtunDump, "errno=-98\n\n"].map(bytes)
        var understood = 0
        for _ in 0..<100_000 {
            let hostile = random.mutated(corpus.randomElement(using: &random) ?? [], among: corpus)
            if (try? UAPI.decodeDump(hostile)) != nil { understood += 1 }
        }
        #expect(understood > 0)
    }
}
