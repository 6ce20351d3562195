import CoreMetrics
import HostProcess
import Synchronization

/// What a node tells to monitoring: docs/METRICS.md is its dictionary.
///
/// It knows no system of monitoring: whoever makes it says where the values go, and with `NOOPMetricsHandler` nobody sees them. It can be
/// used from any thread.
package final class NodeMetrics: Sendable {
    private let factory: any MetricsFactory
    private let counters: [NodeEvent: Counter]
    private let shown: Mutex<ShownReading>
    private let process: Mutex<ShownProcess?>

    package init(factory: any MetricsFactory) {
        self.factory = factory
        counters = Dictionary(
            NodeEvent.all.map { ($0, Counter(label: $0.series.name, dimensions: $0.series.labels, factory: factory)) }
        ) { first, _ in first }
        shown = Mutex(ShownReading(factory))
        process = Mutex(nil)
    }

    package func count(_ event: NodeEvent, times: Int = 1) {
        counters[event]?.increment(by: times)
    }

    /// Shows a node and its members as they are now, and forgets members that have gone.
    package func show(_ reading: NodeReading) {
        shown.withLock { $0.show(reading, factory) }
    }

    /// Shows what the process takes.
    package func show(_ usage: ProcessUsage) {
        process.withLock { process in
            var shown = process ?? ShownProcess(factory)
            shown.show(usage)
            process = shown
        }
    }
}

/// The series that a reading has brought so far.
private struct ShownReading {
    private let uptime: Gauge
    private let problems: Gauge
    private let states: [NodeReading.Member.State: Gauge]
    private var info: (labels: [String], gauge: Gauge)?
    private var members: [String: MemberSeries] = [:]

    init(_ factory: any MetricsFactory) {
        uptime = Gauge(label: "weft_uptime_seconds", factory: factory)
        problems = Gauge(label: "weft_problems", factory: factory)
        states = Dictionary(
            NodeReading.Member.State.allCases.map {
                ($0, Gauge(label: "weft_members", dimensions: [("state", $0.rawValue)], factory: factory))
            }
        ) { first, _ in first }
    }

    mutating func show(_ reading: NodeReading, _ factory: any MetricsFactory) {
        uptime.record(reading.uptimeSeconds)
        problems.record(reading.problemCount)
        for (state, gauge) in states { gauge.record(reading.members.count { $0.state == state }) }
        showInfo(reading, factory)
        showMembers(reading.members, factory)
    }

    private mutating func showInfo(_ reading: NodeReading, _ factory: any MetricsFactory) {
        let labels = [reading.version, reading.name, reading.interface, reading.wireguard, reading.mesh]
        guard info?.labels != labels else { return }
        info?.gauge.destroy()
        let names = ["version", "name", "interface", "wireguard", "mesh"]
        let gauge = Gauge(label: "weft_info", dimensions: Array(zip(names, labels)), factory: factory)
        gauge.record(1)
        info = (labels, gauge)
    }

    private mutating func showMembers(_ now: [NodeReading.Member], _ factory: any MetricsFactory) {
        // Who has gone first: what they leave is room for who has come.
        let names = Dictionary(now.map { ($0.peerID, $0.name) }) { first, _ in first }
        for (peer, series) in members where names[peer] != series.name {
            series.destroy()
            members[peer] = nil
        }
        for member in now { members[member.peerID, default: MemberSeries(member, factory)].show(member) }
    }
}

/// The series of the process.
private struct ShownProcess {
    private let resident: Gauge
    private let processor: FloatingPointCounter
    private let descriptors: Gauge
    private let start: Gauge
    private var processorSeconds = 0.0

    init(_ factory: any MetricsFactory) {
        resident = Gauge(label: "process_resident_memory_bytes", factory: factory)
        processor = FloatingPointCounter(label: "process_cpu_seconds_total", factory: factory)
        descriptors = Gauge(label: "process_open_fds", factory: factory)
        start = Gauge(label: "process_start_time_seconds", factory: factory)
    }

    mutating func show(_ usage: ProcessUsage) {
        resident.record(Double(usage.residentBytes))
        processor.increment(by: usage.processorSeconds - processorSeconds)
        processorSeconds = usage.processorSeconds
        descriptors.record(usage.openDescriptors)
        start.record(usage.startSeconds)
    }
}
