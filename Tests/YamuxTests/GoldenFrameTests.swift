import Testing
import Timeline

@testable import Yamux

/// Frames written by hand from the specification (libp2p specs, yamux/README.md).
@Suite struct GoldenFrameTests {
    static let open = hex(
        """
        00        # version
        01        # type: WindowUpdate
        0001      # flags: SYN
        00000001  # stream 1
        00000000  # delta 0
        """)
    static let accept = hex("00 01 0002 00000001 00000000  # WindowUpdate, ACK, stream 1, delta 0")
    static let hello = hex(
        """
        00        # version
        00        # type: Data
        0000      # no flags
        00000001  # stream 1
        00000005  # five bytes follow
        68656c6c6f
        """)
    static let finish = hex("00 00 0004 00000001 00000000  # Data, FIN, stream 1, empty")
    static let reset = hex("00 00 0008 00000001 00000000  # Data, RST, stream 1, empty")
    static let ping = hex("00 02 0001 00000000 0badcafe  # Ping, SYN, session, opaque value")
    static let pong = hex("00 02 0002 00000000 0badcafe  # Ping, ACK, session, the same value")
    static let goAwayNormal = hex("00 03 0000 00000000 00000000  # GoAway, normal")
    static let goAwayProtocolError = hex("00 03 0000 00000000 00000001  # GoAway, protocol error")

    @Test func initiatorSpeaks() {
        var session = YamuxSession(role: .initiator, now: .origin)
        #expect(session.handle(.open, now: .origin) == [.send(Self.open), .opened(stream(1))])
        #expect(session.handle(.write(stream(1), Array("hello".utf8)), now: .origin) == [.send(Self.hello)])
        #expect(session.handle(.closeWrite(stream(1)), now: .origin) == [.send(Self.finish)])
        #expect(session.handle(.received(Self.accept), now: .origin).isEmpty)
        #expect(session.handle(.received(Self.finish), now: .origin) == [.remoteClosed(stream(1)), .closed(stream(1), .finished)])
    }

    @Test func responderAnswers() {
        var session = YamuxSession(role: .responder, now: .origin)
        #expect(session.handle(.received(Self.open), now: .origin) == [.send(Self.accept), .inbound(stream(1))])
        #expect(session.handle(.received(Self.hello), now: .origin) == [.received(stream(1), Array("hello".utf8))])
        #expect(session.handle(.received(Self.finish), now: .origin) == [.remoteClosed(stream(1))])
        #expect(session.handle(.reset(stream(1)), now: .origin) == [.send(Self.reset), .closed(stream(1), .resetLocally)])
    }

    @Test func pingIsEchoed() {
        var session = YamuxSession(role: .responder, now: .origin)
        #expect(session.handle(.received(Self.ping), now: .origin) == [.send(Self.pong)])
    }

    @Test func goAway() {
        var session = YamuxSession(role: .initiator, now: .origin)
        #expect(session.handle(.goAway, now: .origin) == [.send(Self.goAwayNormal), .terminated(.wentAway)])
        var offended = YamuxSession(role: .initiator, now: .origin)
        #expect(
            offended.handle(.received(hex("01 02 0001 00000000 00000000  # version 1")), now: .origin)
                == [.send(Self.goAwayProtocolError), .terminated(.protocolError(.unknownVersion(1)))])
    }

    @Test func windowIsGrantedAtHalf() {
        var configuration = YamuxConfiguration()
        configuration.roundTripProbeInterval = nil
        var session = sessionWithStream(configuration)
        _ = session.handle(.received(data(1, pattern(200_000))), now: .origin)
        #expect(session.handle(.consumed(stream(1), 131_071), now: .origin).isEmpty)
        let grant = hex("00 01 0000 00000001 00020000  # WindowUpdate, stream 1, 131072 bytes")
        #expect(session.handle(.consumed(stream(1), 1), now: .origin) == [.send(grant)])
    }

    @Test func everyHeaderSurvivesTheRoundTrip() throws {
        for type in [FrameType.data, .windowUpdate, .ping, .goAway] {
            for bits in UInt16(0)..<16 {
                let header = FrameHeader(type, FrameFlags(rawValue: bits), stream: stream(0x0102_0304), length: 0xfffe_fdfc)
                var bytes: [UInt8] = []
                header.encode(into: &bytes)
                #expect(bytes.count == FrameHeader.byteCount)
                #expect(try FrameHeader(decoding: bytes[...]) == header)
            }
        }
    }

    /// A stream as py-libp2p opens it: SYN and ACK in empty Data frames.
    @Test func dataFramesOpenAndAcceptToo() {
        var responder = YamuxSession(role: .responder, now: .origin)
        #expect(responder.handle(.received(frame(.data, .synchronize, 1)), now: .origin) == [.send(Self.accept), .inbound(stream(1))])
        var initiator = YamuxSession(role: .initiator, now: .origin)
        _ = initiator.handle(.open, now: .origin)
        #expect(initiator.handle(.received(frame(.data, .acknowledge, 1)), now: .origin).isEmpty)
        #expect(initiator.pendingOpens == 0)
    }
}
