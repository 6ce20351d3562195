import Multiformats
import SecureChannel
import Testing
import Timeline
import WeftTestKit

@testable import PeerConnection
@testable import Yamux

/// 100,000 mutated frames each: nothing traps, and what a peer can make us hold stays bounded.
@Suite struct HostileTests {
    static let rounds = 100_000

    // MARK: Before the connection stands

    /// Every message of an upgrade as either side receives it, in the clear.
    private func transcript(muxers: [String], _ role: PeerConnection.Role) throws -> (machine: PeerConnection, messages: [[UInt8]]) {
        var setup = role == .dialer ? Setup.dialer : Setup.listener
        setup.key = nil
        var machine = try setup.machine(role)
        var peer = try RawPeer(role == .dialer ? .responder : .initiator, key: nil, muxers: muxers)
        var toPeer = machine.start().written
        let fresh = machine
        var messages: [[UInt8]] = []
        var message = peer.start()
        repeat {
            message += try peer.receive(toPeer)
            messages.append(message)
            toPeer = machine.handle(.received(message), now: .origin).written
            message = []
        } while machine.remotePeer == nil
        return (fresh, messages)
    }

    @Test(arguments: [PeerConnection.Role.dialer, .listener], [[Upgrade.yamux], []])
    func `the upgrade`(role: PeerConnection.Role, muxers: [String]) throws {
        let (fresh, messages) = try transcript(muxers: muxers, role)
        var random = SeededGenerator(seed: testSeed("upgrade"))
        // The machine as it waits for each of the messages: an exchange of keys is only done once.
        var waiting = [fresh]
        for message in messages.dropLast() {
            var next = waiting[waiting.count - 1]
            _ = next.handle(.received(message), now: .origin)
            waiting.append(next)
        }
        for _ in 0..<Self.rounds / 4 {
            let index = Int.random(in: 0..<messages.count, using: &random)
            var machine = waiting[index]
            let mutated = random.mutated(messages[index], among: messages)
            let isValid = mutated.starts(with: messages[index])
            let actions = machine.handle(.received(mutated), now: .origin)
            #expect(isValid || actions.established.isEmpty || index == messages.count - 1)
            if machine.nextDeadline == nil { #expect(actions.failure != nil) }
            #expect(machine.handle(.received(mutated), now: .origin).written.count < 4_096)
            _ = machine.handle(.deadlineReached, now: .origin + .seconds(60))
            #expect(machine.nextDeadline == nil || machine.remotePeer != nil, "nobody upgrades for ever")
        }
    }

    @Test func `an upgrade inside a private network`() throws {
        var random = SeededGenerator(seed: testSeed("private network"))
        var setup = Setup.listener
        setup.key = networkKey(7)
        let fresh = try setup.machine(.listener)
        var valid = try RawPeer(.initiator)
        let corpus = [valid.start(), [UInt8](repeating: 0, count: 24), Array("GET / HTTP/1.1\r\n\r\n".utf8)]
        for _ in 0..<Self.rounds {
            var machine = fresh
            let mutated = random.mutated(corpus.randomElement(using: &random) ?? [], among: corpus)
            let actions = machine.handle(.received(mutated), now: .origin) + machine.handle(.received(mutated), now: .origin)
            #expect(actions.established.isEmpty)
            #expect(actions.written.count < 1_024)
        }
    }

    // MARK: A member that misbehaves: above the encryption

    /// Payloads of streams as they should be, for a peer to garble.
    private func payloads() throws -> [[UInt8]] {
        let header = line("/multistream/1.0.0")
        var description = WireIdentify()
        description.protocols = ["/a", "/b"]
        description.listenAddrs = [.init(loopback(1).bytes)]
        description.agentVersion = "hostile"
        description.observedAddr = .init(loopback(2).bytes)
        let identify = LengthPrefixed.encode(try description.serializedBytes())
        let frames = [[1, 2, 3], [], [UInt8](repeating: 1, count: 300)].flatMap(LengthPrefixed.encode)
        let ping = [UInt8](repeating: 9, count: 32)
        let push = header + line(IdentifyProtocol.pushID) + identify  // seldom taken, so tried more often
        return [
            header, line("na"), line("ls"), header + line("/nothing/1"), identify, frames, ping, Array(ping.prefix(9)),
            header + line(IdentifyProtocol.id), push, push, push, header + line(PingProtocol.id) + ping,
            header + line("/gossip/2") + frames, header + line("/gossip/1") + frames, header + line("/sync/1") + frames,
            header + line(lookup.id) + frames, header + line(lookup.id) + frames, line(lookup.id), line("/gossip/2"),
            line(IdentifyProtocol.id) + identify, [0xff, 0xff, 0xff, 0x7f],
        ]
    }

    /// One frame of yamux: mostly well formed, about a few streams, with a payload that need not be.
    private func frame(_ random: inout SeededGenerator, _ payloads: [[UInt8]], next: inout UInt32) -> [UInt8] {
        let ours: [UInt32] = [0, 1, 2, 3, 4, 6, 8, next, next &- 2, next &- 4]
        let flags: [FrameFlags] = [[], [], [], .synchronize, .acknowledge, .finish, .reset, [.synchronize, .finish]]
        var payload = payloads.randomElement(using: &random) ?? []
        if Bool.random(using: &random) { payload = random.mutated(payload, among: payloads) }
        var bytes: [UInt8] = []
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1, 2:
            next &+= 2
            let flag: FrameFlags = Int.random(in: 0..<4, using: &random) == 0 ? [.synchronize, .finish] : .synchronize
            FrameHeader(.data, flag, stream: YamuxStreamID(rawValue: next), length: UInt32(payload.count)).encode(into: &bytes)
            bytes += payload
        case 3, 4, 5, 6:
            let stream = YamuxStreamID(rawValue: ours.dropFirst().randomElement(using: &random) ?? 1)
            let flag = flags.randomElement(using: &random) ?? []
            FrameHeader(.data, flag, stream: stream, length: UInt32(payload.count)).encode(into: &bytes)
            bytes += payload
        case 7, 8:
            let stream = YamuxStreamID(rawValue: ours.dropFirst().randomElement(using: &random) ?? 1)
            let flag = flags.randomElement(using: &random) ?? []
            FrameHeader(.windowUpdate, flag, stream: stream, length: UInt32.random(in: 0...100_000, using: &random)).encode(into: &bytes)
        default:
            FrameHeader(.ping, .synchronize, length: UInt32.random(in: 0...9, using: &random)).encode(into: &bytes)
        }
        return Int.random(in: 0..<50, using: &random) == 0 ? random.mutated(bytes, among: payloads) : bytes
    }

    private func expectBounded(_ machine: PeerConnection, _ limits: ConnectionLimits) {
        guard let open = machine.open else { return }
        #expect(open.streams.count <= YamuxConfiguration().maximumInboundStreams + 8)
        #expect(open.streams.count <= open.yamux.streamCount, "no state without its stream")
        var counts = (push: 0, pings: 0, describing: 0, messages: 0, requests: 0)
        for state in open.streams.values {
            switch state {
            case .readingPush: counts.push += 1
            case .echoing(let pending):
                counts.pings += 1
                #expect(pending.count < PingProtocol.byteCount)
            case .describing: counts.describing += 1
            case .receivingMessages(let messageProtocol, let decoder):
                counts.messages += 1
                #expect(decoder.remainder.count <= messageProtocol.maximumFrameBytes + Varint.maximumByteCount)
            case .readingRequest(let requestProtocol, let decoder, _):
                counts.requests += 1
                #expect(decoder.remainder.count <= requestProtocol.maximumRequestBytes + Varint.maximumByteCount)
            case .considering, .responding: counts.requests += 1
            case .awaitingResponse(_, let decoder, _):
                #expect(decoder.remainder.count <= lookup.maximumResponseBytes + Varint.maximumByteCount)
            case .proposing, .answering, .sendingMessages, .readingIdentify: break
            }
        }
        #expect(counts.push <= limits.maximumIdentifyStreams && counts.describing <= limits.maximumIdentifyStreams)
        #expect(counts.pings <= limits.maximumPingStreams && counts.messages <= 2 && counts.requests <= lookup.maximumOpenRequests)
        for outbound in open.outbound.values { #expect(outbound.reopened <= limits.maximumReopenedStreams + 1) }
    }

    @Test(arguments: [PeerConnection.Role.dialer, .listener])
    func `an established connection`(role: PeerConnection.Role) throws {
        var random = SeededGenerator(seed: testSeed("established"))
        let payloads = try payloads()
        let limits = ConnectionLimits()
        var setup = role == .dialer ? Setup.dialer : .listener
        setup.requestProtocols = [lookup]
        let standing = try Bench(role, setup)
        var (machine, peer) = (standing.machine, standing.peer)
        var next: UInt32 = role == .dialer ? 2 : 1
        var now = Instant.origin
        var (connections, messages, descriptions, requests, questions) = (1, 0, 0, 0, UInt64(0))
        for round in 0..<Self.rounds / 2 {
            now = now + .milliseconds(5)
            let wire = try peer.seal(frame(&random, payloads, next: &next))
            let actions = machine.handle(.received(wire), now: now)
            messages += actions.messages(gossip).count + actions.messages(sync).count
            descriptions += actions.descriptions.count
            requests += actions.requests.count
            for (id, bytes) in actions.requests where Bool.random(using: &random) {
                _ = machine.handle(.answer(id, response: Bool.random(using: &random) ? bytes : nil), now: now)
            }
            if round % 64 == 0 {
                questions += 1
                _ = machine.handle(.ask(lookup, request: [1, 2, 3], QuestionID(rawValue: questions)), now: now)
            }
            #expect(actions.written.count < 1 << 16)
            if let deadline = machine.nextDeadline, deadline <= now { _ = machine.handle(.deadlineReached, now: now) }
            if round % 16 == 0 { expectBounded(machine, limits) }
            guard machine.remotePeer == nil else { continue }
            #expect(actions.failure != nil || machine.open == nil)
            (machine, peer, next, now) = (standing.machine, standing.peer, role == .dialer ? 2 : 1, .origin)
            connections += 1
        }
        // Else the frames were refused before they came to what is tested here.
        #expect(messages > Self.rounds / 200)
        #expect(descriptions > Self.rounds / 2_000)
        #expect(requests > Self.rounds / 2_000)
        #expect(connections < Self.rounds / 10)
    }

    /// Bytes below the encryption: whoever sits between can do no more than end the connection.
    @Test func `an established connection, on the wire`() throws {
        var random = SeededGenerator(seed: testSeed("wire"))
        let standing = try Bench()
        var valid = standing.peer
        let corpus = try [valid.seal([1, 2, 3]), valid.seal([UInt8](repeating: 0, count: 100)), [0, 16] + random.bytes(16)]
        for _ in 0..<Self.rounds {
            var machine = standing.machine
            let mutated = random.mutated(corpus.randomElement(using: &random) ?? [], among: corpus)
            let actions = machine.handle(.received(mutated), now: .origin)
            #expect(actions.messages(gossip).isEmpty && actions.descriptions.isEmpty)
        }
    }

    // MARK: Named limits of the layers below, as they show here

    @Test func `inbound streams that never say anything are limited, and given up in time`() throws {
        var bench = try Bench()
        let limit = YamuxConfiguration().maximumInboundStreams
        for _ in 0..<limit + 20 { try bench.play(.open) }
        #expect(bench.machine.open?.streams.count == limit + 2, "and our own two")
        #expect(bench.streams.count { if case .closed(_, .resetByPeer) = $0 { true } else { false } } == 20)
        try bench.run(ConnectionLimits().streamNegotiationTimeout)
        #expect(bench.machine.open?.streams.count == 1, "ours for gossip, asked for again")
        #expect(bench.news.failure == nil)
    }

    @Test func `a peer that breaks the multiplexer's rules loses the connection`() throws {
        var bench = try Bench()
        try bench.sendPlaintext([9] + [UInt8](repeating: 0, count: 11))
        guard case .multiplexer = bench.news.failure else {
            Issue.record("\(String(describing: bench.news.failure))")
            return
        }
        #expect(bench.machine.remotePeer == nil && bench.machine.nextDeadline == nil)
    }
}
