import Glibc
import Testing
import Timeline
import WeftTestKit

@testable import Yamux

/// What one end should see of one stream.
private struct StreamModel {
    var written: [UInt8] = []
    var received: [UInt8] = []
    var unread = 0
    var hasClosedWrite = false
    var sawRemoteClose = false
    var end: YamuxStreamEnd?
}

/// Bytes on their way, taken from the front without moving the rest.
private struct Wire {
    private var bytes: [UInt8] = []
    private var head = 0

    var isEmpty: Bool { head == bytes.count }

    static func += (wire: inout Wire, more: [UInt8]) { wire.bytes += more }

    mutating func take(_ count: Int) -> [UInt8] {
        let piece = Array(bytes[head...].prefix(count))
        head += piece.count
        if isEmpty { (bytes, head) = ([], 0) }
        return piece
    }
}

/// One end: the session, its model, and the wire towards it.
private struct End {
    var session: YamuxSession
    var streams: [YamuxStreamID: StreamModel] = [:]
    var incoming = Wire()
    var termination: YamuxTermination?
    var hasMisbehaved = false

    /// What streams carry, from different places of it.
    private static let content = pattern(150_000)

    var live: [YamuxStreamID] { streams.filter { $0.value.end == nil }.keys.sorted() }

    /// Feeds one input, checks the news against the model, answers the bytes for the other end.
    mutating func feed(_ input: YamuxSession.Input, _ now: Instant) -> [UInt8] {
        let actions = session.handle(input, now: now)
        for action in actions { note(action) }
        return actions.sent
    }

    private mutating func note(_ action: Action) {
        switch action {
        case .opened(let id), .inbound(let id):
            hasMisbehaved = hasMisbehaved || streams[id] != nil
            streams[id] = StreamModel()
        case .received(let id, let bytes):
            hasMisbehaved = hasMisbehaved || streams[id]?.end != nil || streams[id]?.sawRemoteClose != false
            streams[id]?.received += bytes
            streams[id]?.unread += bytes.count
        case .remoteClosed(let id):
            hasMisbehaved = hasMisbehaved || streams[id]?.sawRemoteClose != false
            streams[id]?.sawRemoteClose = true
        case .closed(let id, let end):
            hasMisbehaved = hasMisbehaved || streams[id]?.end != nil
            streams[id]?.end = end
        case .terminated(let reason): termination = reason
        case .writeRefused, .send, .openRefused, .writable, .peerGoingAway: break
        }
    }

    /// Something that an application might do now.
    mutating func act(_ generator: inout SeededGenerator, _ now: Instant) -> [UInt8] {
        let id = live.randomElement(using: &generator)
        switch Int.random(in: 0..<20, using: &generator) {
        case 0, 1: return live.count < 40 ? feed(.open, now) : []
        case 2: return feed(.transportWritable(Bool.random(using: &generator)), now)
        case 3 where Int.random(in: 0..<4, using: &generator) == 0: return id.map { feed(.reset($0), now) } ?? []
        case 4:
            guard let id else { return [] }
            streams[id]?.hasClosedWrite = true
            return feed(.closeWrite(id), now)
        case 5...12: return id.map { write($0, &generator, now) } ?? []
        default: return id.map { read($0, .random(in: 1...300_000, using: &generator), now) } ?? []
        }
    }

    private mutating func write(_ id: YamuxStreamID, _ generator: inout SeededGenerator, _ now: Instant) -> [UInt8] {
        let size = Int.random(in: 0...(Bool.random(using: &generator) ? 100 : 90_000), using: &generator)
        guard let stream = streams[id], !stream.hasClosedWrite, size <= session.sendCapacity(of: id) ?? 0 else { return [] }
        let start = (stream.written.count &+ Int(id.rawValue) &* 7_919) % 60_000
        let bytes = Array(Self.content[start..<start + size])
        streams[id]?.written += bytes
        return feed(.write(id, bytes), now)
    }

    mutating func read(_ id: YamuxStreamID, _ limit: Int, _ now: Instant) -> [UInt8] {
        let count = min(limit, streams[id]?.unread ?? 0)
        streams[id]?.unread -= count
        return count > 0 ? feed(.consumed(id, count), now) : []
    }

    /// A piece of what is on the wire, of any size.
    mutating func takeIncoming(_ generator: inout SeededGenerator, _ now: Instant) -> [UInt8] {
        guard !incoming.isEmpty else { return [] }
        let count = Int.random(in: 1...(Bool.random(using: &generator) ? 30 : 200_000), using: &generator)
        return feed(.received(incoming.take(count)), now)
    }
}

@Suite struct RandomScheduleTests {
    @Test(arguments: 0..<12) func twoSessionsAgreeWithTheModel(round: UInt64) {
        var generator = SeededGenerator(seed: testSeed("yamux schedule \(round)") &+ round)
        var configuration = YamuxConfiguration()
        configuration.maximumFramePayload = [100, 16_384, 65_524].randomElement(using: &generator) ?? 1
        var left = End(session: YamuxSession(role: .initiator, configuration: configuration, now: .origin))
        var right = End(session: YamuxSession(role: .responder, configuration: configuration, now: .origin))
        var now = Instant.origin
        for _ in 0..<1_500 {
            now = now + .milliseconds(Int.random(in: 0...5, using: &generator))
            right.incoming += left.act(&generator, now)
            left.incoming += right.act(&generator, now)
            right.incoming += left.takeIncoming(&generator, now)
            left.incoming += right.takeIncoming(&generator, now)
        }
        drain(&left, &right, &generator, now)
        #expect(!left.hasMisbehaved && !right.hasMisbehaved)
        #expect(left.termination == nil && right.termination == nil)
        #expect(left.session.streamCount == 0 && right.session.streamCount == 0)
        #expect(left.streams.keys.sorted() == right.streams.keys.sorted())
        #expect(left.streams.values.contains { $0.end == .finished && $0.received.count > 262_144 })
        for id in left.streams.keys {
            compare(from: left.streams[id], to: right.streams[id])
            compare(from: right.streams[id], to: left.streams[id])
        }
    }

    /// Closes everything in order and lets both ends read to the end.
    private func drain(_ left: inout End, _ right: inout End, _ generator: inout SeededGenerator, _ now: Instant) {
        right.incoming += left.feed(.transportWritable(true), now)
        left.incoming += right.feed(.transportWritable(true), now)
        for _ in 0..<100_000 {
            for id in left.live { right.incoming += left.feed(.closeWrite(id), now) + left.read(id, .max, now) }
            for id in right.live { left.incoming += right.feed(.closeWrite(id), now) + right.read(id, .max, now) }
            right.incoming += left.takeIncoming(&generator, now)
            left.incoming += right.takeIncoming(&generator, now)
            if left.live.isEmpty, right.live.isEmpty, left.incoming.isEmpty, right.incoming.isEmpty { return }
        }
    }

    private func compare(from sender: StreamModel?, to receiver: StreamModel?) {
        guard let sender, let receiver else { return }
        #expect(starts(sender.written, with: receiver.received))
        guard sender.end == .finished, receiver.end == .finished else { return }
        #expect(sender.written.count == receiver.received.count && receiver.sawRemoteClose)
    }

    /// Generic comparison takes most of a debug run, so this one is the C library's.
    private func starts(_ whole: [UInt8], with part: [UInt8]) -> Bool {
        part.count <= whole.count
            && whole.withUnsafeBytes { left in
                part.withUnsafeBytes { right in
                    guard let left = left.baseAddress, let right = right.baseAddress else { return part.isEmpty }
                    return memcmp(left, right, part.count) == 0
                }
            }
    }
}
