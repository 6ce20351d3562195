import Multiformats
import Secrets

/// Noise as one of the protocols that a connection chooses from.
package struct NoiseSecurity: SecurityProtocol {
    package static let id = "/noise"

    package var id: String { Self.id }

    package init() {}

    package func handshake(_ terms: SecurityTerms) throws(SecurityError) -> any SecurityHandshake {
        do {
            return Handshake(
                noise: try NoiseHandshake(
                    role: terms.role, identity: terms.identity, expectedPeer: terms.expectedPeer, muxers: terms.muxers,
                    ephemeralSeed: terms.ephemeralSeed, staticSeed: terms.staticSeed))
        } catch {
            throw SecurityError(error)
        }
    }

    private struct Handshake: SecurityHandshake, RedactedSecret {
        var noise: NoiseHandshake

        mutating func start() throws(SecurityError) -> [UInt8] {
            do { return try noise.start() } catch { throw SecurityError(error) }
        }

        mutating func receive(_ bytes: [UInt8], send: inout [UInt8]) throws(SecurityError) -> SecurityOutcome? {
            do {
                let step = try noise.receive(bytes)
                send += step.send
                guard var outcome = step.outcome else { return nil }
                let remainder = try outcome.session.decrypt(outcome.remainder)
                return SecurityOutcome(
                    session: Session(noise: outcome.session), remotePeer: outcome.remotePeer, muxer: outcome.muxer, remainder: remainder)
            } catch {
                throw SecurityError(error)
            }
        }
    }

    private struct Session: SecuredSession, RedactedSecret {
        var noise: NoiseSession

        var heldBytes: Int { noise.pendingCount }

        mutating func encrypt(_ plaintext: [UInt8]) throws(SecurityError) -> [UInt8] {
            do { return try noise.encrypt(plaintext) } catch { throw SecurityError(error) }
        }

        mutating func decrypt(_ bytes: [UInt8], send: inout [UInt8]) throws(SecurityError) -> [UInt8] {
            do { return try noise.decrypt(bytes) } catch { throw SecurityError(error) }
        }

        /// Noise has no word for the end.
        mutating func close() -> [UInt8] { [] }
    }
}

extension SecurityError {
    init(_ error: NoiseError) {
        switch error {
        case .wrongPeer(let expected, let found): self = .unexpectedPeer(expected: expected, found: found)
        case .badSignature, .badMAC, .malformed, .nonceExhausted, .invalidSeed, .signingFailed, .outOfOrder,
            .cipherUnavailable:
            self = .failed("\(error)")
        }
    }
}
