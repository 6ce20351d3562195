import Multiformats
import Secrets

/// The encrypted connection after a handshake.
package struct NoiseSession: Sendable, RedactedSecret {
    /// Most bytes that one message carries; `encrypt` splits at it.
    package static let maximumPlaintextLength = NoiseFrame.maximumPlaintextLength

    private var sending: NoiseCipherState
    private var receiving: NoiseCipherState
    /// An incomplete frame: at most 65,536 bytes between calls.
    private var pending: [UInt8] = []
    private var failure: NoiseError?

    init(sending: NoiseCipherState, receiving: NoiseCipherState) {
        self.sending = sending
        self.receiving = receiving
    }

    /// Bytes that wait for the rest of their frame.
    package var pendingCount: Int { pending.count }

    /// Frames for the wire; nothing for nothing. `.nonceExhausted` ends the direction.
    package mutating func encrypt(_ plaintext: [UInt8]) throws(NoiseError) -> [UInt8] {
        let limit = Self.maximumPlaintextLength
        let frames = plaintext.count / limit + (plaintext.count % limit == 0 ? 0 : 1)
        let overhead = NoiseFrame.headerLength + NoiseCipherState.tagLength
        var failure: NoiseError?
        let output = [UInt8](unsafeUninitializedCapacity: plaintext.count + frames * overhead) { buffer, count in
            plaintext.withUnsafeBufferPointer { input in
                do throws(NoiseError) {
                    try sealFrames(input, into: buffer)
                    count = plaintext.count + frames * overhead
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
        return output
    }

    private mutating func sealFrames(
        _ input: UnsafeBufferPointer<UInt8>, into buffer: UnsafeMutableBufferPointer<UInt8>
    ) throws(NoiseError) {
        guard let source = input.baseAddress, var target = buffer.baseAddress else { return }
        var start = 0
        while start < input.count {
            let length = min(Self.maximumPlaintextLength, input.count - start)
            let messageLength = length + NoiseCipherState.tagLength
            let header = NoiseFrame.header(messageLength)
            (target.pointee, (target + 1).pointee) = (header[0], header[1])
            try sending.seal(target + NoiseFrame.headerLength, source + start, count: length)
            target += NoiseFrame.headerLength + messageLength
            start += length
        }
    }

    /// The plaintext of all frames that are complete now; may be empty. After an error, every further call throws it again.
    package mutating func decrypt(_ bytes: [UInt8]) throws(NoiseError) -> [UInt8] {
        if let failure { throw failure }
        var input = bytes
        if !pending.isEmpty {
            swap(&input, &pending)
            input += bytes
        }
        do throws(NoiseError) {
            let (messages, end) = try Self.messages(in: input)
            pending = end == 0 ? input : Array(input[end...])
            return try open(messages, in: input)
        } catch {
            failure = error
            pending = []
            throw error
        }
    }

    private static func messages(in bytes: [UInt8]) throws(NoiseError) -> ([Range<Int>], end: Int) {
        var messages: [Range<Int>] = []
        var end = 0
        while let range = NoiseFrame.messageRange(in: bytes, at: end) {
            guard range.count >= NoiseCipherState.tagLength else { throw .malformed }
            messages.append(range)
            end = range.upperBound
        }
        return (messages, end)
    }

    private mutating func open(_ messages: [Range<Int>], in bytes: [UInt8]) throws(NoiseError) -> [UInt8] {
        guard !messages.isEmpty else { return [] }
        let total = messages.reduce(0) { $0 + $1.count - NoiseCipherState.tagLength }
        var failure: NoiseError?
        // At least one byte, so that there is an address even if all messages are empty.
        let output = [UInt8](unsafeUninitializedCapacity: max(1, total)) { buffer, count in
            bytes.withUnsafeBufferPointer { input in
                do throws(NoiseError) {
                    try openMessages(messages, input, into: buffer)
                    count = total
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
        return output
    }

    private mutating func openMessages(
        _ messages: [Range<Int>], _ input: UnsafeBufferPointer<UInt8>, into buffer: UnsafeMutableBufferPointer<UInt8>
    ) throws(NoiseError) {
        guard let source = input.baseAddress, var target = buffer.baseAddress else { return }
        for message in messages {
            try receiving.open(target, source + message.lowerBound, count: message.count)
            target += message.count - NoiseCipherState.tagLength
        }
    }
}
