import Timeline

@testable import Yamux

typealias Action = YamuxSession.Action

/// Bytes from annotated hex: white space is free, `#` starts a note that runs to the end of the line.
func hex(_ text: String) -> [UInt8] {
    let digits = text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line in
        line.prefix { $0 != "#" }.compactMap { $0.hexDigitValue.map(UInt8.init) }
    }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

func frame(_ type: FrameType, _ flags: FrameFlags = [], _ id: UInt32 = 0, length: UInt32 = 0) -> [UInt8] {
    var bytes: [UInt8] = []
    FrameHeader(type, flags, stream: YamuxStreamID(rawValue: id), length: length).encode(into: &bytes)
    return bytes
}

func data(_ id: UInt32, _ payload: [UInt8], _ flags: FrameFlags = []) -> [UInt8] {
    frame(.data, flags, id, length: UInt32(payload.count)) + payload
}

func stream(_ id: UInt32) -> YamuxStreamID { YamuxStreamID(rawValue: id) }

func pattern(_ count: Int, from start: Int = 0) -> [UInt8] {
    (start..<start + count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
}

extension [Action] {
    /// The bytes for the transport.
    var sent: [UInt8] {
        flatMap { action -> [UInt8] in
            if case .send(let bytes) = action { bytes } else { [] }
        }
    }

    /// Everything but the bytes for the transport.
    var news: [Action] {
        filter { if case .send = $0 { false } else { true } }
    }

    var termination: YamuxTermination? {
        guard case .terminated(let reason) = last else { return nil }
        return reason
    }

    /// Payload of one stream, joined.
    func payload(of id: YamuxStreamID) -> [UInt8] {
        flatMap { action -> [UInt8] in
            if case .received(id, let bytes) = action { bytes } else { [] }
        }
    }
}

/// The headers in a run of whole frames.
func headers(in bytes: [UInt8]) throws -> [FrameHeader] {
    var decoder = FrameDecoder()
    var input = bytes[...]
    var result: [FrameHeader] = []
    while let event = try decoder.next(&input) {
        if case .header(let header) = event { result.append(header) }
    }
    return result
}

/// Two sessions in memory, back to back, each with what it has told its owner.
struct Pair {
    var initiator: YamuxSession
    var responder: YamuxSession
    var initiatorNews: [Action] = []
    var responderNews: [Action] = []
    private var toInitiator: [UInt8] = []
    private var toResponder: [UInt8] = []
    var now = Instant.origin

    init(_ configuration: YamuxConfiguration = YamuxConfiguration(), responder: YamuxConfiguration? = nil) {
        initiator = YamuxSession(role: .initiator, configuration: configuration, now: .origin)
        self.responder = YamuxSession(role: .responder, configuration: responder ?? configuration, now: .origin)
    }

    /// Feeds one input to the initiator and carries all bytes to and fro until both are silent.
    mutating func initiator(_ input: YamuxSession.Input) {
        note(initiator.handle(input, now: now), ofInitiator: true)
        settle()
    }

    mutating func responder(_ input: YamuxSession.Input) {
        note(responder.handle(input, now: now), ofInitiator: false)
        settle()
    }

    private mutating func note(_ actions: [Action], ofInitiator: Bool) {
        if ofInitiator {
            initiatorNews += actions.news
            toResponder += actions.sent
        } else {
            responderNews += actions.news
            toInitiator += actions.sent
        }
    }

    private mutating func settle() {
        while !toInitiator.isEmpty || !toResponder.isEmpty {
            let (forInitiator, forResponder) = (toInitiator, toResponder)
            (toInitiator, toResponder) = ([], [])
            note(initiator.handle(.received(forInitiator), now: now), ofInitiator: true)
            note(responder.handle(.received(forResponder), now: now), ofInitiator: false)
        }
    }

    mutating func takeNews() -> (initiator: [Action], responder: [Action]) {
        defer { (initiatorNews, responderNews) = ([], []) }
        return (initiatorNews, responderNews)
    }
}

/// A responder with one inbound stream, id 1.
func sessionWithStream(_ configuration: YamuxConfiguration = YamuxConfiguration()) -> YamuxSession {
    var session = YamuxSession(role: .responder, configuration: configuration, now: .origin)
    _ = session.handle(.received(frame(.windowUpdate, .synchronize, 1)), now: .origin)
    return session
}
