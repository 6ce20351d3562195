import CStatusPage
import HostProcess
import IPAddresses
import LocalAPI
import LoopRuntime
import NIOCore
import NodeMetrics
import PrometheusMetrics
import WebPort

/// What a node shows to browsers and to Prometheus, if its settings say where.
struct WebPages: Sendable {
    /// The metrics at `/metrics`.
    struct Exposition: Sendable {
        let metrics: NodeMetrics
        let registry: PrometheusRegistry
    }

    private let ports: [WebPort]

    /// - Parameter exposition: `nil` if no metrics are served.
    static func start(
        _ settings: DaemonSettings, _ exposition: Exposition?, on executor: LoopExecutor,
        status: @escaping @Sendable () async -> StatusReport
    ) async throws(DaemonError) -> WebPages {
        let recent = RecentReport(on: executor, status: status)
        var ports: [WebPort] = []
        for address in Set([settings.metricsAddress, settings.webAddress].compactMap(\.self)) {
            let shown = address == settings.metricsAddress ? exposition : nil
            let hasPage = address == settings.webAddress
            let name = settings.name.text
            do throws(WebPortError) {
                // An overlay address is there only once the network stands, and again after it was repaired.
                let port = try await WebPort.start(
                    at: [address], names: [name, "\(name).weft"], beforeTheyExist: true, on: executor
                ) { request in
                    switch request.path {
                    case "/metrics": await shown?.answer(recent.report)
                    case "/status.json" where hasPage: json(await recent.report)
                    default: hasPage ? file(request.path) : nil
                    }
                }
                ports.append(port)
            } catch {
                await WebPages(ports: ports).stop()
                throw .webPages("\(error)")
            }
        }
        return WebPages(ports: ports)
    }

    func stop() async {
        for port in ports { await port.stop() }
    }

    private static func json(_ report: StatusReport) -> WebAnswer? {
        (try? LocalJSON.encoder.encode(report)).map { .json(ByteBuffer(bytes: $0)) }
    }

    private static func file(_ path: String) -> WebAnswer? {
        guard let file = weft_page_file(path)?.pointee else { return nil }
        let bytes = UnsafeRawBufferPointer(start: file.bytes, count: file.count)
        return WebAnswer(contentType: String(cString: file.content_type), body: ByteBuffer(bytes: bytes))
    }
}

extension WebPages.Exposition {
    func answer(_ report: StatusReport) -> WebAnswer {
        metrics.show(NodeReading(report))
        if let usage = ProcessUsage.read() { metrics.show(usage) }
        return WebAnswer(contentType: PrometheusRegistry.contentType, body: registry.render())
    }
}

extension NodeReading {
    init(_ report: StatusReport) {
        self.init(
            version: WeftVersion.number, name: report.node.name, interface: report.node.interface, wireguard: report.node.wireguard,
            mesh: report.node.mesh, uptimeSeconds: report.node.uptimeSeconds, problemCount: report.node.problems.count,
            members: report.members.compactMap(Member.init))
    }
}

extension NodeReading.Member {
    /// `nil` for the node itself.
    fileprivate init?(_ member: StatusReport.Member) {
        let state: State
        switch member.state {
        case .itself: return nil
        case .connected: state = .connected
        case .known: state = .known
        case .unreachable: state = .unreachable
        }
        self.init(
            peerID: member.peerID, name: member.name, state: state, lastHandshakeSecondsAgo: member.lastHandshakeSecondsAgo,
            receivedBytes: member.receivedBytes, sentBytes: member.sentBytes, roundTripSeconds: member.roundTripMillis.map { $0 / 1000 })
    }
}
