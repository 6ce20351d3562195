import IPAddresses
import NIOCore
import NIOPosix
import PortMapping
import Testing
import WeftLaboratory

@testable import RouterPorts

/// What a device cannot do to us by its answers.
@Suite(.enabled(if: Requirements.laboratory == nil, "\(Requirements.laboratory ?? "")"))
struct DeviceRequestTests {
    private enum Device: Sendable, CaseIterable {
        case drips
        case floods
        case floodsHeaders
        case announcesTooMuch
        case saysNothing
        case saysNonsense
        case closes

        var first: String {
            switch self {
            case .drips, .saysNothing, .closes: ""
            case .floods: "HTTP/1.1 200 OK\r\n\r\n"
            case .floodsHeaders: "HTTP/1.1 200 OK\r\nX: "
            case .announcesTooMuch: "HTTP/1.1 200 OK\r\nContent-Length: 1500000000\r\n\r\n"
            case .saysNonsense: "220 ready\r\n"
            }
        }

        var isFlooding: Bool { [.floods, .floodsHeaders, .announcesTooMuch].contains(self) }
    }

    private func ask(_ behaviour: @escaping @Sendable (any Channel) -> Void) async throws -> HTTPAnswer? {
        try await Laboratory.with { laboratory in
            let loop = try await HostLoop(on: try laboratory.addHost("device"))
            let group = loop.group
            let own = try #require(IPAddress(laboratory.hosts[0].ipv4))
            let server = try await group.next().flatSubmit {
                ServerBootstrap(group: group)
                    .childChannelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Answerer(behaviour)) }
                    }
                    .bind(host: own.description, port: 0)
            }.get()
            let port = try #require(server.localAddress?.port)
            let url = try #require(DeviceURL("http://\(own):\(port)/x", at: own))
            let answered = group.next().makePromise(of: HTTPAnswer?.self)
            group.next().execute {
                DeviceRequest.carryOut(
                    HTTPRequest(method: .get, url: url), from: own, within: .milliseconds(500), on: group.next()
                ) { answered.succeed($0) }
            }
            let answer = try await answered.futureResult.get()
            try await loop.end()
            return answer
        }
    }

    @Test(arguments: Device.allCases) private func aBadAnswerIsNone(device: Device) async throws {
        let answer = try await ask { channel in
            channel.writeAndFlush(ByteBuffer(string: device.first), promise: nil)
            if device == .closes { channel.close(promise: nil) }
            if device.isFlooding {
                channel.writeAndFlush(ByteBuffer(repeating: UInt8(ascii: "x"), count: 4 << 20), promise: nil)
            } else if device == .drips {
                channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(20)) { task in
                    channel.writeAndFlush(ByteBuffer(string: "H")).whenFailure { _ in task.cancel() }
                }
            }
        }
        #expect(answer == nil)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.0 200 OK\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
    ])
    func aGoodAnswerIsTaken(text: String) async throws {
        let answer = try await ask { channel in
            channel.writeAndFlush(ByteBuffer(string: text)).whenSuccess { if text.contains("1.0") { channel.close(promise: nil) } }
        }
        #expect(answer == HTTPAnswer(status: 200, body: Array("hello".utf8)))
    }
}

/// Does something when it is asked for the first time.
private final class Answerer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let behaviour: @Sendable (any Channel) -> Void
    private var wasAsked = false

    init(_ behaviour: @escaping @Sendable (any Channel) -> Void) {
        self.behaviour = behaviour
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !wasAsked { behaviour(context.channel) }
        wasAsked = true
    }
}
