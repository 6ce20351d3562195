import Glibc
import IPAddresses
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import NetlinkCodec
import Testing

@testable import LinuxNetwork

@Suite(.enabled(if: Machine.hasNamespaces, "needs root: CAP_SYS_ADMIN for a network namespace, CAP_NET_ADMIN"))
struct NetworkObservationTests {
    @Test func tellsChanges() async throws {
        try await withNetworkNamespace { network in
            let events = EventLog()
            let observation = try await network.observeChanges { events.append($0) }
            let link = try await network.createLink(name: "br7", kind: "bridge")
            try await network.setUp(link.index)
            try await events.wait { $0.contains(.linkChanged(name: "br7", index: link.index, gone: false)) }
            let prefix = try #require(IPPrefix("10.77.0.1/24"))
            try await network.addAddress(prefix, to: link.index)
            try await events.wait { $0.contains(.addressChanged(link.index)) && $0.contains(.routesChanged) }
            try await network.deleteLink(link.index)
            try await events.wait { $0.contains(.linkChanged(name: "br7", index: link.index, gone: true)) }
            #expect(!events.all.contains(.overflow))
            observation.close()
            try await network.eventLoop.submit {}.get()
            let count = events.all.count
            _ = try await network.createLink(name: "br8", kind: "bridge")
            try await network.eventLoop.scheduleTask(in: .milliseconds(50)) {}.futureResult.get()
            #expect(events.all.count == count)
        }
    }

    @Test func tellsThatEventsWereLostAndGoesOn() async throws {
        try await withNetworkNamespace { network in
            let events = EventLog()
            let link = try await network.createLink(name: "br7", kind: "bridge")
            let observation = try await network.overflow(link.index) { events.append($0) }
            try await events.wait { $0.contains(.overflow) }
            events.clear()
            _ = try await network.createLink(name: "br8", kind: "bridge")
            try await events.wait { events in
                events.contains { if case .linkChanged("br8", _, false) = $0 { true } else { false } }
            }
            observation.close()
        }
    }
}

@Suite struct NetworkEventHandlerTests {
    /// RTM_NEWLINK for an interface `weft0` with that index, little-endian.
    private func notice(_ index: UInt16) -> [UInt8] {
        let header: [UInt8] = [44, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let information: [UInt8] = [0, 0, 0, 0, UInt8(index & 0xff), UInt8(index >> 8), 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
        return header + information + [10, 0, 3, 0] + Array("weft0".utf8) + [0, 0, 0]
    }

    private func events(for datagrams: [[UInt8]]) throws -> [NetworkEvent] {
        let log = EventLog()
        let channel = EmbeddedChannel(handler: NetworkEventHandler(deliver: { log.append($0) }, ended: {}))
        for datagram in datagrams { channel.pipeline.fireChannelRead(ByteBuffer(bytes: datagram)) }
        channel.pipeline.fireChannelReadComplete()
        return log.all
    }

    @Test func tellsEachOnce() throws {
        #expect(try events(for: [notice(1), notice(1), notice(2)]).count == 2)
    }

    @Test func tooManyAreAnOverflow() throws {
        let limit = UInt16(NetworkObservation.eventsPerBatch)
        #expect(try events(for: (1...limit).map(notice)).count == Int(limit))
        #expect(try events(for: (1...limit + 1).map(notice)) == [.overflow])
        #expect(try events(for: (1...2 * limit + 9).map(notice)) == [.overflow])
    }

    @Test func brokenDatagramsAreAnOverflow() throws {
        #expect(try events(for: [notice(1), Array(notice(2).dropLast(5))]) == [.overflow])
    }
}

extension KernelNetwork {
    /// Keeps the event loop busy while more changes happen than a small queue holds.
    fileprivate func overflow(
        _ index: InterfaceIndex, _ handler: @escaping @Sendable (NetworkEvent) -> Void
    ) throws -> NetworkObservation {
        let observation = NetworkObservation(on: eventLoop, handler: handler)
        try observation.open(kernelQueueBytes: 4_096)
        for mtu in 0..<200 { try setMTU(index, to: 1_300 + UInt32(mtu)) }
        return observation
    }
}

/// What was told so far.
private final class EventLog: Sendable {
    private let events = NIOLockedValueBox<[NetworkEvent]>([])

    var all: [NetworkEvent] { events.withLockedValue { $0 } }
    func append(_ event: NetworkEvent) { events.withLockedValue { $0.append(event) } }
    func clear() { events.withLockedValue { $0.removeAll() } }

    func wait(until condition: ([NetworkEvent]) -> Bool) async throws {
        for _ in 0..<250 {
            if condition(all) { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("not told within 5 s: \(all)")
    }
}
