import Multiformats
import Synchronization
import WeftTestKit
import WireGuard

/// The same identities in every simulation: making one takes as long as a signature.
enum IdentityPool {
    private static let made = Mutex<[Identity]>([])

    static func identity(_ number: Int) -> Identity {
        made.withLock { made in
            while made.count <= number { made.append(fresh(made.count)) }
            return made[number]
        }
    }

    static func wireguardKey(_ number: Int) -> WireGuardPublicKey {
        let bytes = [UInt8](repeating: 7, count: 28) + (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        guard let key = WireGuardPublicKey(bytes: bytes) else { preconditionFailure("32 bytes are a key") }
        return key
    }

    private static func fresh(_ number: Int) -> Identity {
        var generator = SeededGenerator(seed: 0x77_6566_7400 &+ UInt64(number))
        guard let identity = try? Identity(seed: generator.bytes(32)) else { preconditionFailure("32 bytes are a key") }
        return identity
    }
}
