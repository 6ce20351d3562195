import DNSCodec
import Glibc
import IPAddresses
import Logging
import LoopRuntime
import NIOCore
import NIOPosix
import Naming
import Timeline

/// Makes the mesh's names known on this machine: answers DNS questions itself, and feeds those who write the hosts file and tell
/// systemd-resolved.
actor NamesPublisher {
    /// Below it all names are: `host-a.weft`.
    static let domain = DNSName(labels: [Array("weft".utf8)])
    private static let minimumRetryDelay: Duration = .seconds(1)
    private static let maximumRetryDelay: Duration = .seconds(60)

    /// What is known of the mesh's names.
    struct Names: Hashable, Sendable {
        var entries: [Zone.Entry]
        /// This node's own addresses: where it answers.
        var own: [IPAddress]
    }

    private nonisolated let executor: LoopExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let ranges: [IPPrefix]
    /// `nil`: no questions are answered.
    private let port: UInt16?
    private let log: Logger
    private let feed = NamesFeed()
    private var responder: DNSResponder?
    private var wanted: Names?
    private var isRunning = false
    private var isDirty = false
    private var isStopped = false
    private var retryTimer: LoopTimer?
    private var retryDelay = minimumRetryDelay
    private var complaint: String?

    init(ranges: [IPPrefix], port: UInt16?, executor: LoopExecutor, log: Logger) {
        self.ranges = ranges
        self.port = port
        self.executor = executor
        self.log = log
    }

    /// Feeds a keeper at the other end of a connected socket, which from now on is the publisher's.
    func feed(_ descriptor: CInt) async {
        let channel = try? await ClientBootstrap(group: executor.eventLoop).withConnectedSocket(descriptor).get()
        if let channel { _ = subscribe(channel) }
    }

    /// Feeds whoever is at the other end; false if there are too many.
    func subscribe(_ channel: any Channel) -> Bool {
        let handler = ComplaintHandler(log)
        guard (try? channel.pipeline.syncOperations.addHandler(handler)) != nil else { return false }
        return feed.add(channel)
    }

    func want(_ names: Names) {
        guard names != wanted else { return }
        wanted = names
        schedule()
    }

    func stop() async {
        isStopped = true
        retryTimer?.set(nil)
        feed.stop()
        await responder?.stop()
        responder = nil
    }

    private func schedule() {
        isDirty = true
        guard !isRunning, !isStopped else { return }
        isRunning = true
        Task(executorPreference: executor) { await self.runUntilClean() }
    }

    private func runUntilClean() async {
        while isDirty, !isStopped, let names = wanted {
            isDirty = false
            guard let domain = Self.domain else { break }
            let zone = Zone(domain: domain, entries: names.entries, ranges: ranges)
            await answer(zone, at: names.own)
            let zones = responder == nil ? [] : ([zone.domain] + zone.reverseDomains).map { String("\($0)".dropLast()) }
            feed.publish(NamesState(entries: names.entries, server: responder?.addresses.first, zones: zones))
        }
        isRunning = false
    }

    /// Listens at our addresses; where that fails, it is tried again, for an address may be too new.
    private func answer(_ zone: Zone, at addresses: [IPAddress]) async {
        guard let port else { return }
        if let responder, responder.addresses.map(\.address) == addresses { return responder.setZone(zone) }
        await responder?.stop()
        responder = nil
        guard !addresses.isEmpty else { return }
        do throws(DNSResponderError) {
            let clients = DNSResponder.loopback + addresses.map { IPPrefix(host: $0) }
            responder = try await DNSResponder.start(zone: zone, at: addresses, port: port, answering: clients, on: executor)
            complaint = nil
            retryDelay = Self.minimumRetryDelay
        } catch {
            failed("\(error)")
        }
    }

    private func failed(_ reason: String) {
        if retryDelay == Self.minimumRetryDelay {
            log.debug("names not answered for yet", metadata: ["reason": "\(reason)"])
        } else if complaint != reason {
            log.warning("names not answered for", metadata: ["reason": "\(reason)"])
            complaint = reason
        }
        retryTimer = retryTimer ?? LoopTimer(eventLoop: executor.eventLoop) { self.assumeIsolated { $0.schedule() } }
        retryTimer?.set(.now() + retryDelay)
        retryDelay = min(retryDelay * 2, Self.maximumRetryDelay)
    }
}

/// Logs what a keeper of names complains of, a line each.
private final class ComplaintHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    static let maximumLineBytes = 4096

    private let log: Logger
    private var line: [UInt8] = []

    init(_ log: Logger) {
        self.log = log
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        for byte in unwrapInboundIn(data).readableBytesView {
            if byte != UInt8(ascii: "\n") {
                if line.count < Self.maximumLineBytes { line.append(byte) }
            } else {
                log.warning("names not told", metadata: ["reason": "\(String(decoding: line, as: UTF8.self))"])
                line = []
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
