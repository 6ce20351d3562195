import Multiformats

extension MultistreamNegotiation {
    mutating func processMessages() throws(MultistreamError) -> Step {
        var step = Step(send: [], outcome: nil)
        while step.outcome == nil, let message = try nextMessage() {
            let text = try MultistreamMessage.text(of: message)
            switch state {
            case .proposing(let index): try receiveAnswer(text, to: index, &step)
            case .listening(let refused): try receiveProposal(text, refused: refused, &step)
            case .awaitingHeader, .finished, .failed: return step
            }
        }
        return step
    }

    private mutating func nextMessage() throws(MultistreamError) -> [UInt8]? {
        if case .awaitingHeader = state { return nil }
        do throws(LengthPrefixedError) {
            return try decoder.next()
        } catch {
            switch error {
            case .tooLong(let length): throw .tooLong(length)
            case .malformedLength: throw .malformed
            }
        }
    }

    private mutating func receiveAnswer(_ text: ArraySlice<UInt8>, to index: Int, _ step: inout Step) throws(MultistreamError) {
        if text.elementsEqual(protocols[index].utf8) { return finish(with: protocols[index], &step) }
        guard text.elementsEqual(MultistreamMessage.refusalText) else { throw .unexpectedAnswer }
        guard index + 1 < protocols.count else { throw .noProtocolInCommon }
        step.send += MultistreamMessage.encode(protocols[index + 1])
        state = .proposing(index: index + 1)
    }

    /// Everything unknown gets `na`, also `ls` and the token of simultaneous open.
    private mutating func receiveProposal(_ text: ArraySlice<UInt8>, refused: Int, _ step: inout Step) throws(MultistreamError) {
        if let accepted = protocols.first(where: { text.elementsEqual($0.utf8) }) {
            step.send += MultistreamMessage.encode(accepted)
            return finish(with: accepted, &step)
        }
        guard refused < Self.maximumProposalCount else { throw .tooManyProposals }
        step.send += MultistreamMessage.refusal
        state = .listening(refused: refused + 1)
    }

    private mutating func finish(with accepted: String, _ step: inout Step) {
        step.outcome = Outcome(protocolID: accepted, remainder: decoder.remainder)
        decoder = LengthPrefixedDecoder(maximumLength: Self.maximumMessageLength)
        state = .finished
    }
}
