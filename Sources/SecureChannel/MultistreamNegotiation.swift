import Multiformats

/// Agrees with the peer on the protocol of a connection or stream: multistream-select 1.0, either role (libp2p specification,
/// connections/README.md).
///
/// Send what `start` returns, then feed `receive` until it gives an outcome. A peer that keeps silent is for the caller to time out.
package struct MultistreamNegotiation: Sendable {
    /// Longest message, line feed included, in bytes (as go-multistream has it).
    package static let maximumMessageLength = 1024
    /// Unknown proposals that are answered with `na` before the negotiation is given up.
    package static let maximumProposalCount = 64

    package struct Step: Sendable {
        /// To be sent now; also when there is an outcome.
        package var send: [UInt8]
        package var outcome: Outcome?
    }

    package struct Outcome: Hashable, Sendable {
        package var protocolID: String
        /// Received bytes that follow the negotiation: they belong to the protocol.
        package var remainder: [UInt8]
    }

    enum State: Sendable {
        /// The peer's header is incomplete: so many of its bytes came. Becomes `proposing` or `listening`.
        case awaitingHeader(received: Int)
        /// The initiator waits for the answer to proposal number `index`. Stays with the next one, or finishes, or fails.
        case proposing(index: Int)
        /// The responder waits for a proposal, after `refused` unknown ones. Stays, or finishes, or fails.
        case listening(refused: Int)
        case finished
        case failed(MultistreamError)
    }

    private let isInitiator: Bool
    let protocols: [String]
    var state = State.awaitingHeader(received: 0)
    var decoder = LengthPrefixedDecoder(maximumLength: maximumMessageLength)

    /// The initiator. Proposes one protocol after the other, in this order.
    package init(proposing protocols: [String]) {
        isInitiator = true
        self.protocols = protocols
    }

    /// The responder. Takes the first proposal that is among `protocols`.
    package init(supporting protocols: [String]) {
        isInitiator = false
        self.protocols = protocols
    }

    /// Bytes that wait for the rest of their message.
    package var pendingCount: Int { decoder.remainderCount }

    /// What to send without waiting for the peer: the header, and the initiator's first proposal with it.
    package mutating func start() -> [UInt8] {
        guard isInitiator, let first = protocols.first else { return MultistreamMessage.header }
        return MultistreamMessage.header + MultistreamMessage.encode(first)
    }

    package mutating func receive(_ bytes: [UInt8]) throws(MultistreamError) -> Step {
        do throws(MultistreamError) {
            return try process(bytes)
        } catch {
            if case .finished = state { throw error }
            state = .failed(error)
            decoder = LengthPrefixedDecoder(maximumLength: Self.maximumMessageLength)
            throw error
        }
    }

    private mutating func process(_ bytes: [UInt8]) throws(MultistreamError) -> Step {
        switch state {
        case .failed(let error): throw error
        case .finished: throw .alreadyFinished
        case .awaitingHeader(let received):
            let rest = try receiveHeader(bytes, alreadyReceived: received)
            decoder.append(rest)
        case .proposing, .listening:
            decoder.append(bytes)
        }
        return try processMessages()
    }

    /// Compares byte by byte, so that a wrong secret shows at once, whatever length the noise happens to announce.
    private mutating func receiveHeader(_ bytes: [UInt8], alreadyReceived: Int) throws(MultistreamError) -> ArraySlice<UInt8> {
        let expected = MultistreamMessage.header.dropFirst(alreadyReceived)
        guard bytes.prefix(expected.count).elementsEqual(expected.prefix(bytes.count)) else { throw .garbageHeader }
        guard bytes.count >= expected.count else {
            state = .awaitingHeader(received: alreadyReceived + bytes.count)
            return []
        }
        guard !isInitiator || !protocols.isEmpty else { throw .noProtocolInCommon }
        state = isInitiator ? .proposing(index: 0) : .listening(refused: 0)
        return bytes.dropFirst(expected.count)
    }
}
