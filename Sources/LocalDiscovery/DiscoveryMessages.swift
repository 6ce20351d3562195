import DNSCodec
import IPAddresses
import Multiformats

/// The question who is there, and its answer, as libp2p's mDNS has them (libp2p discovery/mdns.md).
struct DiscoveryMessages: Sendable {
    /// Of one link, of ours and of each that answers.
    static let maximumAddresses = 8
    /// In seconds. Nobody here remembers answers; others may for so long (RFC 6762 section 10).
    static let timeToLive: UInt32 = 120
    private static let prefix = "dnsaddr="

    let service: DNSName
    private let instance: DNSName
    private let host: DNSName
    private let peer: PeerID
    private let port: UInt16

    /// - Parameters:
    ///   - fingerprint: of the private network; letters and digits, at most 58.
    ///   - label: of this node, random: letters and digits, at most 63.
    init?(fingerprint: String, label: String, peer: PeerID, port: UInt16) {
        guard let service = DNSName("_p2p-\(fingerprint)._udp.local"), let instance = DNSName("\(label)._p2p-\(fingerprint)._udp.local"),
            let host = DNSName("\(label).local")
        else { return nil }
        self.service = service
        self.instance = instance
        self.host = host
        self.peer = peer
        self.port = port
    }

    var question: [UInt8] { MulticastMessage(isResponse: false, questions: [DNSQuestion(name: service, type: .ptr)]).encoded }

    /// Where this node is, for its neighbours on the link. Only the texts matter to libp2p; the rest is there for browsers of services.
    func answer(on link: LocalLink) -> [UInt8] {
        let addresses = link.prefixes.map(\.address).prefix(Self.maximumAddresses)
        let texts = addresses.map { Self.prefix + Multiaddr(tcp: SocketAddress($0, port: port), peer: peer).description }
        let records: [(DNSName, RecordData)] =
            [(instance, .txt(texts)), (instance, .srv(host, port: port))] + addresses.map { (host, .address($0)) }
        return MulticastMessage(
            isResponse: true, answers: [DNSRecord(name: service, timeToLive: Self.timeToLive, data: .ptr(instance))],
            additional: records.map { DNSRecord(name: $0.0, timeToLive: Self.timeToLive, data: $0.1) }
        ).encoded
    }

    func asks(_ message: MulticastMessage) -> Bool {
        !message.isResponse
            && message.questions.contains {
                $0.name == service && ($0.type == .ptr || $0.type == .any) && $0.class == DNSQuestion.internetClass
            }
    }

    /// `nil` if it is no answer to our question. Of the addresses only those count that a neighbour can have.
    func neighbours(in message: MulticastMessage, on link: LocalLink) -> [PeerID: [Multiaddr]]? {
        let records = message.answers + message.additional
        guard message.isResponse, records.contains(where: { $0.name == service && $0.data.type == .ptr }) else { return nil }
        var found: [PeerID: [Multiaddr]] = [:]
        for record in records {
            guard case .txt(let texts) = record.data, record.timeToLive > 0 else { continue }
            for text in texts where text.hasPrefix(Self.prefix) {
                guard let address = try? Multiaddr(String(text.dropFirst(Self.prefix.count))), let peer = address.peerID, peer != self.peer,
                    let socket = address.withoutPeerID.tcpSocketAddress, link.isOnLink(socket.address),
                    found[peer, default: []].count < Self.maximumAddresses
                else { continue }
                found[peer, default: []].append(address.withoutPeerID)
            }
        }
        return found
    }
}
