import IPAddresses
import NIOCore
import NIOPosix
import PortMapping
import RouterPorts
import Testing
import WeftLaboratory

/// A router of IPv6 has a link-local address, which means nothing without the interface.
@Suite(.enabled(if: Requirements.laboratory == nil, "\(Requirements.laboratory ?? "")"))
struct IPv6Tests {
    @Test func aLinkLocalRouterIsAskedByPCP() async throws {
        try await Laboratory.with { laboratory in
            let hosts = try laboratory.addHosts(["router", "home"])
            try hosts[0].ip(["address", "add", "fe80::1/64", "dev", LabHost.link, "nodad"])
            try hosts[1].ip(["address", "add", "fe80::7/64", "dev", LabHost.link, "nodad"])
            let number = try hosts[1].run(["cat", "/sys/class/net/\(LabHost.link)/ifindex"]).filter(\.isNumber)
            let index = try #require(UInt32(number))
            let own = try #require(IPAddress(hosts[1].ipv6))
            let linkLocal = try #require(IPAddress("fe80::1"))
            let router = try #require(Router(linkLocal, ownAddress: own, interfaceIndex: index))
            let port = try #require(LocalPort(.udp, 10042))

            let loops = [try await HostLoop(on: hosts[0]), try await HostLoop(on: hosts[1])]
            let group = loops[0].group
            _ = try await group.next().flatSubmit {
                DatagramBootstrap(group: group)
                    .channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Firewall()) }
                    }
                    .bind(host: "fe80::1%\(LabHost.link)", port: Int(NATPMP.port))
            }.get()
            let log = MappingLog()
            let mapper = try #require(log.mapper(on: loops[1]))
            await mapper.want(ports: [port], routers: [router])
            let mapping = try await eventually("a mapping", within: .seconds(10), details: { "\(log.notes)" }) { log.mappings.first }
            #expect(mapping.external == SocketAddress(own, port: 10042))
            #expect(mapping.way == .pcp && mapping.isPublic)
            await mapper.stop()
            #expect(log.mappings.isEmpty)
            for loop in loops { try await loop.end() }
        }
    }
}

/// Grants every PCP request as a firewall does: what is asked for is opened, under the address that asks.
private final class Firewall: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        let request = Array(envelope.data.readableBytesView)
        guard request.count == 60, request[0] == 2, request[1] == 1 else { return }
        let head: [UInt8] = [2, 129, 0, 0] + request[4..<8] + [0, 0, 0, 9] + [UInt8](repeating: 0, count: 12)
        let answer = head + request[24..<42] + request[40..<42] + request[8..<24]
        context.writeAndFlush(
            wrapOutboundOut(AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: answer))), promise: nil)
    }
}
