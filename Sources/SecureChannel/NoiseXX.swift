import Crypto
import Multiformats
import Secrets

/// The handshake `Noise_XX_25519_ChaChaPoly_SHA256` itself (Noise specification section 5.3), with any payloads.
struct NoiseXX: Sendable, RedactedSecret {
    typealias PrivateKey = Curve25519.KeyAgreement.PrivateKey
    typealias RemoteKey = Curve25519.KeyAgreement.PublicKey

    enum Token {
        case e
        case s
        case ee
        case es
        case se
    }

    static let pattern: [[Token]] = [[.e], [.e, .ee, .s, .es], [.s, .se]]
    static let keyLength = 32

    let isInitiator: Bool
    let staticKey: PrivateKey
    private let ephemeralKey: PrivateKey
    private(set) var remoteStatic: RemoteKey?
    private var remoteEphemeral: RemoteKey?
    private(set) var symmetric: NoiseSymmetricState
    /// Messages that were written or read.
    private(set) var messageCount = 0

    init(isInitiator: Bool, prologue: [UInt8], staticKey: PrivateKey, ephemeralKey: PrivateKey) {
        self.isInitiator = isInitiator
        self.staticKey = staticKey
        self.ephemeralKey = ephemeralKey
        symmetric = NoiseSymmetricState(name: "Noise_XX_25519_ChaChaPoly_SHA256", prologue: prologue)
    }

    var isComplete: Bool { messageCount == Self.pattern.count }
    /// The initiator writes messages 0 and 2, the responder message 1.
    var isOurTurn: Bool { !isComplete && (messageCount % 2 == 0) == isInitiator }
    var isPeersTurn: Bool { !isComplete && !isOurTurn }

    mutating func write(payload: [UInt8]) throws(NoiseError) -> [UInt8] {
        guard isOurTurn else { throw .outOfOrder }
        var message: [UInt8] = []
        for token in Self.pattern[messageCount] {
            switch token {
            case .e:
                let key = [UInt8](ephemeralKey.publicKey.rawRepresentation)
                symmetric.mixHash(key)
                message += key
            case .s: message += try symmetric.encryptAndHash([UInt8](staticKey.publicKey.rawRepresentation))
            case .ee, .es, .se: try mixSecret(token)
            }
        }
        message += try symmetric.encryptAndHash(payload)
        messageCount += 1
        return message
    }

    /// Returns the payload.
    mutating func read(_ message: some Collection<UInt8>) throws(NoiseError) -> [UInt8] {
        guard isPeersTurn else { throw .outOfOrder }
        var rest = Array(message)[...]
        for token in Self.pattern[messageCount] {
            switch token {
            case .e:
                let key = try Self.take(Self.keyLength, from: &rest)
                symmetric.mixHash(key)
                remoteEphemeral = try Self.remoteKey(key)
            case .s:
                let length = Self.keyLength + (symmetric.hasKey ? NoiseCipherState.tagLength : 0)
                remoteStatic = try Self.remoteKey(symmetric.decryptAndHash(Self.take(length, from: &rest)))
            case .ee, .es, .se: try mixSecret(token)
            }
        }
        let payload = try symmetric.decryptAndHash(Array(rest))
        messageCount += 1
        return payload
    }

    /// Token letters stand for initiator's, then responder's key.
    private mutating func mixSecret(_ token: Token) throws(NoiseError) {
        let usesStatic = token == (isInitiator ? .se : .es)
        let own = usesStatic ? staticKey : ephemeralKey
        let remote = token == (isInitiator ? .es : .se) ? remoteStatic : remoteEphemeral
        guard let remote else { throw .outOfOrder }
        guard let secret = try? own.sharedSecretFromKeyAgreement(with: remote), Self.isSecret(secret) else { throw .malformed }
        symmetric.mixKey(secret)
    }

    /// All zero for a remote key of low order, whatever our own: anybody could know it (RFC 7748 section 6.1).
    private static func isSecret(_ secret: SharedSecret) -> Bool {
        secret.withUnsafeBytes { bytes in bytes.reduce(UInt8(0)) { $0 | $1 } } != 0
    }

    private static func take(_ count: Int, from bytes: inout ArraySlice<UInt8>) throws(NoiseError) -> [UInt8] {
        guard bytes.count >= count else { throw .malformed }
        defer { bytes = bytes.dropFirst(count) }
        return Array(bytes.prefix(count))
    }

    private static func remoteKey(_ bytes: [UInt8]) throws(NoiseError) -> RemoteKey {
        guard let key = try? RemoteKey(rawRepresentation: bytes) else { throw .malformed }
        return key
    }
}
