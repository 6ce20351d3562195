import CSecp256k1
import Crypto

/// Verification of ECDSA signatures on secp256k1, over SHA-256, by Bitcoin's library: swift-crypto does not have this curve.
enum Secp256k1 {
    /// Of a point in its compressed form (SEC 1 section 2.3.3), the only one that libp2p has.
    static let publicKeyLength = 33

    /// As the library asks of whoever does without a context of his own.
    private static let selfTest: Void = secp256k1_selftest()

    static func isKey(_ bytes: [UInt8]) -> Bool { key(bytes) != nil }

    /// - Parameter signature: in DER. Either of the two that fit a message is taken, as most libraries make and take both.
    static func isValid(_ signature: [UInt8], for message: [UInt8], by publicKey: [UInt8]) -> Bool {
        var either = secp256k1_ecdsa_signature()
        guard var key = key(publicKey), secp256k1_ecdsa_signature_parse_der(context, &either, signature, signature.count) == 1
        else { return false }
        var lower = secp256k1_ecdsa_signature()
        secp256k1_ecdsa_signature_normalize(context, &lower, &either)
        return secp256k1_ecdsa_verify(context, &lower, Array(SHA256.hash(data: message)), &key) == 1
    }

    private static var context: OpaquePointer {
        selfTest
        return weft_secp256k1_context()
    }

    private static func key(_ bytes: [UInt8]) -> secp256k1_pubkey? {
        var key = secp256k1_pubkey()
        guard bytes.count == publicKeyLength, secp256k1_ec_pubkey_parse(context, &key, bytes, bytes.count) == 1 else { return nil }
        return key
    }
}
