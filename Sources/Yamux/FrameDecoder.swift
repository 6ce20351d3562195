/// Cuts a byte stream in any chunking into headers and payload slices.
///
/// It never collects a payload, so a frame that announces 4 GiB costs nothing; the most it keeps is eleven bytes of a header.
struct FrameDecoder: Sendable {
    enum Event: Equatable {
        case header(FrameHeader)
        /// The next bytes of the payload of the Data frame last announced; `isLast` when they complete it.
        case payload(ArraySlice<UInt8>, isLast: Bool)
    }

    private var partialHeader: [UInt8] = []
    private var payloadRemaining: UInt32 = 0

    /// Takes one event's worth from the front of `input`; `nil` when all of it is taken. After an error the decoder is of no more use.
    mutating func next(_ input: inout ArraySlice<UInt8>) throws(YamuxProtocolError) -> Event? {
        guard !input.isEmpty else { return nil }
        if payloadRemaining > 0 { return takePayload(&input) }
        guard let header = try takeHeader(&input) else { return nil }
        if header.type == .data { payloadRemaining = header.length }
        return .header(header)
    }

    private mutating func takePayload(_ input: inout ArraySlice<UInt8>) -> Event {
        let payload = input.prefix(Int(clamping: payloadRemaining))
        input = input[payload.endIndex...]
        payloadRemaining -= UInt32(payload.count)
        return .payload(payload, isLast: payloadRemaining == 0)
    }

    private mutating func takeHeader(_ input: inout ArraySlice<UInt8>) throws(YamuxProtocolError) -> FrameHeader? {
        let bytes = input.prefix(FrameHeader.byteCount - partialHeader.count)
        input = input[bytes.endIndex...]
        if partialHeader.isEmpty, bytes.count == FrameHeader.byteCount { return try FrameHeader(decoding: bytes) }
        partialHeader.append(contentsOf: bytes)
        guard partialHeader.count == FrameHeader.byteCount else { return nil }
        defer { partialHeader.removeAll(keepingCapacity: true) }
        return try FrameHeader(decoding: partialHeader[...])
    }
}
