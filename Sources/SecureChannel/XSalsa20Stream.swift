import Multiformats
import Secrets

/// One direction of a private network: the key stream, and how far it is used up.
struct XSalsa20Stream: Sendable, RedactedSecret {
    let nonce: [UInt8]
    private let key: [UInt8]
    /// In bytes from the start of the stream.
    private var position: UInt64 = 0
    /// Key stream of the block that `position` is inside of, kept for the next call that starts in the middle of it.
    private var partial = [UInt8](repeating: 0, count: Sodium.streamBlockLength)
    private var partialIndex: UInt64?

    /// - Parameter nonce: 24 bytes.
    init(key: PrivateNetworkKey, nonce: [UInt8]) {
        self.key = key.bytes
        self.nonce = nonce
    }

    /// XORs all bytes from index `start` on with the next bytes of the key stream, in place.
    mutating func apply(to bytes: inout [UInt8], from start: Int) {
        var index = start
        let offset = Int(position % UInt64(Sodium.streamBlockLength))
        if offset > 0 {
            let count = min(Sodium.streamBlockLength - offset, bytes.count - index)
            preparePartialBlock()
            for step in 0..<max(0, count) { bytes[index + step] ^= partial[offset + step] }
            advance(&index, by: count)
        }
        let count = bytes.count - index
        guard count > 0 else { return }
        let block = position / UInt64(Sodium.streamBlockLength)
        bytes.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            Sodium.xorXSalsa20(base + index, base + index, count: count, block: block, nonce: nonce, key: key)
        }
        advance(&index, by: count)
    }

    private mutating func advance(_ index: inout Int, by count: Int) {
        index += max(0, count)
        position &+= UInt64(max(0, count))
    }

    private mutating func preparePartialBlock() {
        let block = position / UInt64(Sodium.streamBlockLength)
        guard partialIndex != block else { return }
        let zeros = [UInt8](repeating: 0, count: Sodium.streamBlockLength)
        Sodium.xorXSalsa20(&partial, zeros, count: zeros.count, block: block, nonce: nonce, key: key)
        partialIndex = block
    }
}
