import Glibc
import IPAddresses
import Multiformats
import SecureChannel
import WeftLaboratory
import WeftTestKit

/// Speaks to a node as a peer does, up to any layer, and there does what it likes. Blocking; to be used by one thread at a time.
final class Adversary {
    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    /// Of a yamux frame (yamux spec, "Framing").
    enum FrameType: UInt8 {
        case data = 0
        case windowUpdate = 1
        case ping = 2
        case goAway = 3
    }

    static let syn: UInt16 = 1
    static let finish: UInt16 = 4
    static let reset: UInt16 = 8

    let identity: Identity
    private let descriptor: CInt
    private var cipher: PrivateNetworkCipher?
    private var begun: (any SecurityHandshake)?
    private var session: (any SecuredSession)?
    private var nextStream: UInt32 = 1

    /// Connects from a host of the laboratory.
    ///
    /// - Parameter secret: of the private network; `nil`: it does not have it, and sends in the clear.
    init(to address: String, port: UInt16 = 10042, from host: LabHost.Entered, secret: [UInt8]?, number: Int = 0) throws {
        var generator = SeededGenerator(seed: UInt64(number) &+ 77)
        identity = try Identity(seed: generator.bytes(Identity.seedLength))
        descriptor = try host.inside { socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0) }
        if let key = secret.flatMap({ PrivateNetworkKey(bytes: $0) }) {
            cipher = try PrivateNetworkCipher(key: key, nonce: generator.bytes(PrivateNetworkCipher.nonceLength))
        }
        var limit = timeval(tv_sec: 2, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        var remote = sockaddr_in()
        remote.sin_family = sa_family_t(AF_INET)
        remote.sin_port = port.bigEndian
        inet_pton(AF_INET, address, &remote.sin_addr)
        let result = withUnsafePointer(to: &remote) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard result == 0 else { throw Refused(description: "connect: \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    // MARK: Bytes

    /// Enciphered if it has the secret. Returns whether all was taken: a victim that has hung up takes nothing.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        let bytes = cipher?.encrypt(bytes) ?? bytes
        var start = 0
        while start < bytes.count {
            let count = bytes[start...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            start += count
        }
        return true
    }

    /// What is there, at least one byte.
    func receive() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { throw Refused(description: count == 0 ? "hung up" : String(cString: strerror(errno))) }
        let bytes = Array(buffer.prefix(count))
        return cipher?.decrypt(bytes) ?? bytes
    }

    /// Throws away what has come. Returns whether the connection stands.
    @discardableResult
    func drain() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count == 0 || (count < 0 && errno != EAGAIN) { return false }
            if count < 0 { return true }
        }
    }

    // MARK: Layers

    /// Agrees on a security protocol, and sends the first message of its handshake if `begins`.
    func choose(_ security: any SecurityProtocol, begins: Bool = false) throws {
        var negotiation = MultistreamNegotiation(proposing: [security.id])
        send(negotiation.start())
        while true {
            let step = try negotiation.receive(try receive())
            send(step.send)
            if step.outcome != nil { break }
        }
        guard begins else { return }
        begun = try security.handshake(terms)
        send(try begun?.start() ?? [])
    }

    private var terms: SecurityTerms {
        var generator = SystemRandomNumberGenerator()
        func seed() -> [UInt8] { (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) } }
        return SecurityTerms(
            role: .initiator, identity: identity, expectedPeer: nil, muxers: ["/yamux/1.0.0"], ephemeralSeed: seed(), staticSeed: seed())
    }

    /// All the way: from now on frames of yamux can be sent.
    func upgrade(by security: any SecurityProtocol) throws {
        try choose(security, begins: true)
        while session == nil {
            var answer: [UInt8] = []
            defer { send(answer) }
            session = try begun?.receive(try receive(), send: &answer)?.session
        }
        begun = nil
    }

    @discardableResult
    func sendSecured(_ bytes: [UInt8]) throws -> Bool {
        guard let encrypted = try session?.encrypt(bytes) else { throw Refused(description: "not upgraded") }
        return send(encrypted)
    }

    // MARK: yamux

    static func frame(_ type: FrameType, _ flags: UInt16 = 0, stream: UInt32, length: UInt32, _ payload: [UInt8] = []) -> [UInt8] {
        func bytes(_ number: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }
        return [0, type.rawValue] + bytes(flags) + bytes(stream) + bytes(length) + payload
    }

    static func data(_ payload: [UInt8], _ flags: UInt16 = 0, stream: UInt32) -> [UInt8] {
        frame(.data, flags, stream: stream, length: UInt32(payload.count), payload)
    }

    /// Opens a stream and asks for a protocol; what comes back is not waited for.
    func open(_ protocolID: String) throws -> UInt32 {
        let stream = nextStream
        nextStream += 2
        try sendSecured(Self.data(Self.line("/multistream/1.0.0") + Self.line(protocolID), Self.syn, stream: stream))
        return stream
    }

    private static func line(_ text: String) -> [UInt8] {
        [UInt8(text.utf8.count + 1)] + Array(text.utf8) + [UInt8(ascii: "\n")]
    }

    /// A message with its length before it, in frames.
    @discardableResult
    func write(_ message: [UInt8], on stream: UInt32) throws -> Bool {
        let bytes = Protobuf.varint(UInt64(message.count)) + message
        for start in stride(from: 0, to: bytes.count, by: 16_384) {
            guard try sendSecured(Self.data(Array(bytes[start..<min(bytes.count, start + 16_384)]), stream: stream)) else { return false }
        }
        return true
    }
}

/// Protobuf by hand: an adversary writes what no library would.
enum Protobuf {
    static func varint(_ value: UInt64) -> [UInt8] {
        var (value, bytes) = (value, [UInt8]())
        while value > 0x7f {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        return bytes + [UInt8(value)]
    }

    static func field(_ number: UInt64, _ content: [UInt8]) -> [UInt8] { varint(number << 3 | 2) + varint(UInt64(content.count)) + content }
    static func field(_ number: UInt64, _ value: UInt64) -> [UInt8] { varint(number << 3) + varint(value) }

    /// RPCs of publish-subscribe (libp2p pubsub/README.md, gossipsub-v1.0.md).
    static func subscribe(_ topic: String) -> [UInt8] { field(1, field(1, 1) + field(2, Array(topic.utf8))) }
    static func publish(_ data: [UInt8], _ topic: String) -> [UInt8] { field(2, field(2, data) + field(4, Array(topic.utf8))) }
    static func graft(_ topic: String) -> [UInt8] { field(3, field(3, field(1, Array(topic.utf8)))) }
    static func ihave(_ topic: String, _ ids: [[UInt8]]) -> [UInt8] {
        field(3, field(1, field(1, Array(topic.utf8)) + ids.flatMap { field(2, $0) }))
    }
    static func iwant(_ ids: [[UInt8]]) -> [UInt8] { field(3, field(2, ids.flatMap { field(1, $0) })) }
}
