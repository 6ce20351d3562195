import Multiformats

extension NoiseHandshake {
    mutating func processFrames() throws(NoiseError) -> Step {
        var step = Step(send: [], outcome: nil)
        while step.outcome == nil, let message = try takeMessage() {
            let payload = try noise.read(message)
            switch role {
            case .initiator: try receiveAsInitiator(payload, &step)
            case .responder: try receiveAsResponder(payload, &step)
            }
        }
        return step
    }

    /// Refuses a message as soon as its length is known to be too much.
    private mutating func takeMessage() throws(NoiseError) -> ArraySlice<UInt8>? {
        if received.count >= NoiseFrame.headerLength {
            guard Int(received[0]) << 8 | Int(received[1]) <= Self.maximumMessageLength else { throw .malformed }
        }
        guard let range = NoiseFrame.messageRange(in: received, at: 0) else { return nil }
        let message = received[range]
        received = Array(received[range.upperBound...])
        return message
    }

    /// Message 2 came: prove ourselves with message 3, and be done.
    private mutating func receiveAsInitiator(_ payload: [UInt8], _ step: inout Step) throws(NoiseError) {
        let remote = try verified(payload)
        step.send = try NoiseFrame.encode(noise.write(payload: ownPayload()))
        finish(remote, muxer: NoisePayload.commonMuxer(initiator: muxers, responder: remote.muxers), &step)
    }

    /// Message 1 came, whose payload says nothing: answer. Or message 3: done.
    private mutating func receiveAsResponder(_ payload: [UInt8], _ step: inout Step) throws(NoiseError) {
        guard noise.isComplete else {
            step.send = try NoiseFrame.encode(noise.write(payload: ownPayload()))
            return
        }
        let remote = try verified(payload)
        finish(remote, muxer: NoisePayload.commonMuxer(initiator: remote.muxers, responder: muxers), &step)
    }

    private func ownPayload() throws(NoiseError) -> [UInt8] {
        let key = [UInt8](noise.staticKey.publicKey.rawRepresentation)
        return try NoisePayload(identity: identity, staticKey: key, muxers: muxers).encoded()
    }

    private func verified(_ payload: [UInt8]) throws(NoiseError) -> NoisePayload {
        guard let staticKey = noise.remoteStatic else { throw .outOfOrder }
        let remote = try NoisePayload(bytes: payload, staticKey: [UInt8](staticKey.rawRepresentation))
        let peer = remote.identityKey.peerID
        if let expectedPeer, expectedPeer != peer { throw .wrongPeer(expected: expectedPeer, got: peer) }
        return remote
    }

    private mutating func finish(_ remote: NoisePayload, muxer: String?, _ step: inout Step) {
        let (initiators, responders) = noise.symmetric.split()
        let session =
            role == .initiator
            ? NoiseSession(sending: initiators, receiving: responders) : NoiseSession(sending: responders, receiving: initiators)
        step.outcome = Outcome(
            session: session, remoteKey: remote.identityKey, remotePeer: remote.identityKey.peerID, muxer: muxer, remainder: received)
        received = []
        state = .finished
    }
}
