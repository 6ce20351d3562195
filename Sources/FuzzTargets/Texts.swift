import DNSCodec
import IPAddresses
import LocalDiscovery
import NetlinkCodec
import Timeline
import UserspaceWireGuard
import WeftTestKit

/// Questions about names, and what the kernel and WireGuard programs say.
enum Texts {
    private static let zone: Zone? = DNSName("weft").map { domain in
        Zone(
            domain: domain,
            entries: [Zone.Entry(name: "host-a", addresses: [IPAddress("10.1.2.3"), IPAddress("fd00::7")].compactMap { $0 })],
            ranges: [IPPrefix("10.1.0.0/16"), IPPrefix("fd00::/64")].compactMap { $0 })
    }

    static func dns(_ bytes: [UInt8]) {
        guard let answer = zone?.reply(to: bytes, over: .udp) else { return }
        check(answer.count <= DNSResponse.maximumUDPBytes)
    }

    static var questions: [[UInt8]] {
        ["host-a.weft", "3.2.1.10.in-addr.arpa", "weft"].compactMap { DNSName($0) }.flatMap { name in
            [RecordType.a, .ptr, .any].map { type in
                MulticastMessage(isResponse: false, questions: [DNSQuestion(name: name, type: type)]).encoded
            }
        }
    }

    static func multicast(_ bytes: [UInt8]) {
        if let message = try? MulticastMessage(bytes) { _ = message.encoded }
        var discovery = LocalDiscovery(fingerprint: "00", peer: Stack.identity(1).peerID, port: 7, generator: SeededGenerator(seed: 1))
        _ = discovery?.handle(.linksChanged([link]), now: .origin)
        _ = discovery?.handle(.received(bytes, link: 2), now: .origin)
        _ = discovery?.handle(.deadlineReached, now: .origin + .seconds(5))
    }

    private static let link = LocalLink(index: 2, prefixes: [IPPrefix("192.0.2.1/24")].compactMap { $0 })

    static var answers: [[UInt8]] {
        guard let service = DNSName("_p2p-00._udp.local"), let instance = DNSName("x._p2p-00._udp.local") else { return [] }
        let text = "dnsaddr=/ip4/192.0.2.7/tcp/7/p2p/\(Stack.identity(2).peerID)"
        return [
            MulticastMessage(isResponse: false, questions: [DNSQuestion(name: service, type: .ptr)]).encoded,
            MulticastMessage(
                isResponse: true, answers: [DNSRecord(name: service, timeToLive: 9, data: .ptr(instance))],
                additional: [DNSRecord(name: instance, timeToLive: 9, data: .txt([text]))]
            ).encoded,
        ]
    }

    static func netlink(_ bytes: [UInt8]) {
        _ = NetworkEvent.parse(bytes[...])
        var exchange = NetlinkExchange(of: Link.dumpRequest(), sequence: 7, portID: 703)
        var dump = WireGuardDump(family: GenericFamily(rawValue: 32))
        _ = try? exchange.receive(bytes[...]) { message throws(NetlinkCodecError) in
            _ = try? Link(message)
            _ = try? InterfaceAddress(message)
            _ = try? Route.parse(message)
            _ = try? GenericFamily(message)
            try? dump.add(message)
        }
    }

    static func uapi(_ bytes: [UInt8]) { _ = try? UAPI.decodeDump(bytes) }
}
