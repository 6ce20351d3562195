import CoreMetrics
import HostProcess
import PrometheusMetrics
import Testing

@testable import NodeMetrics

@Suite struct NodeMetricsTests {
    private let registry = PrometheusRegistry(help: NodeMetrics.help)
    private let metrics: NodeMetrics

    init() {
        metrics = NodeMetrics(factory: registry)
    }

    private func reading(_ members: [NodeReading.Member] = [], wireguard: String = "kernel") -> NodeReading {
        NodeReading(
            version: "1.2.3", name: "host-a", interface: "weft0", wireguard: wireguard, mesh: "abcd1234", uptimeSeconds: 77,
            problemCount: 2, members: members)
    }

    private func member(_ peer: String, _ name: String, _ state: NodeReading.Member.State = .known) -> NodeReading.Member {
        NodeReading.Member(peerID: peer, name: name, state: state)
    }

    /// Lines that begin so, without the heads.
    private func lines(_ prefix: String) -> [String] {
        registry.render().split(separator: "\n").map(String.init).filter { $0.hasPrefix(prefix) }
    }

    @Test func whatHappensIsCounted() {
        for event in NodeEvent.all { metrics.count(event) }
        metrics.count(.recordReceived(by: .sync), times: 41)
        #expect(lines("weft_dials_total") == [#"weft_dials_total{result="connected"} 1"#, #"weft_dials_total{result="failed"} 1"#])
        #expect(lines("weft_peer_connections_total") == ["weft_peer_connections_total 1"])
        #expect(lines("weft_records_received_total").last == #"weft_records_received_total{by="sync"} 42"#)
        #expect(lines("weft_clashes_total").count == 3 && lines("weft_log_messages_total").count == 2)
        #expect(lines("weft_records_refused_total") == ["weft_records_refused_total 1"])
        #expect(lines("weft_network_") == ["weft_network_changes_total 1", "weft_network_failures_total 1"])
    }

    /// A rise from nothing cannot be seen.
    @Test func countersStandAtZeroFromTheStart() {
        #expect(lines(#"weft_clashes_total{of="identity"}"#) == [#"weft_clashes_total{of="identity"} 0"#])
        #expect(NodeEvent.all.count == 13 && Set(NodeEvent.all).count == 13)
    }

    @Test func aNodeIsShown() {
        metrics.show(reading([member("p1", "b", .connected), member("p2", "c"), member("p3", "d", .unreachable), member("p4", "e")]))
        #expect(
            lines("weft_info") == [
                #"weft_info{interface="weft0",mesh="abcd1234",name="host-a",version="1.2.3",wireguard="kernel"} 1"#
            ])
        #expect(lines("weft_uptime_seconds") == ["weft_uptime_seconds 77"] && lines("weft_problems") == ["weft_problems 2"])
        #expect(
            lines("weft_members{") == [
                #"weft_members{state="connected"} 1"#, #"weft_members{state="known"} 2"#, #"weft_members{state="unreachable"} 1"#,
            ])
        #expect(lines("weft_member_reachable").map { $0.last } == ["1", "1", "0", "1"])
        metrics.show(reading(wireguard: "boringtun-cli"))
        #expect(lines("weft_info").count == 1 && lines("weft_info")[0].contains("boringtun-cli"))
    }

    @Test func aMemberIsShownAsFarAsItIsKnown() {
        var known = member("p1", "b", .connected)
        metrics.show(reading([known]))
        #expect(lines("weft_member_last_handshake_seconds").isEmpty && lines("weft_member_round_trip_seconds").isEmpty)
        (known.lastHandshakeSecondsAgo, known.roundTripSeconds, known.receivedBytes) = (90, 0.0125, 1_000)
        metrics.show(reading([known]))
        #expect(lines("weft_member_last_handshake_seconds") == [#"weft_member_last_handshake_seconds{name="b",peer="p1"} 90"#])
        #expect(lines("weft_member_round_trip_seconds") == [#"weft_member_round_trip_seconds{name="b",peer="p1"} 0.0125"#])
        #expect(lines("weft_member_received_bytes_total") == [#"weft_member_received_bytes_total{name="b",peer="p1"} 1000"#])
        (known.lastHandshakeSecondsAgo, known.roundTripSeconds) = (nil, nil)
        metrics.show(reading([known]))
        #expect(lines("weft_member_last_handshake_seconds").isEmpty && lines("weft_member_round_trip_seconds").isEmpty)
    }

    /// WireGuard's own counters begin anew when the peer is set up anew.
    @Test(arguments: [[1_000, 1_500, 1_500, 200, 300], [0, UInt64.max, 5], [UInt64(Int64.max) + 1, 1 << 40]])
    func bytesAreWhatWireGuardSays(values: [UInt64]) {
        var known = member("p1", "b")
        for value in values {
            (known.receivedBytes, known.sentBytes) = (value, value)
            metrics.show(reading([known]))
        }
        #expect(lines("weft_member_sent_bytes_total") == [#"weft_member_sent_bytes_total{name="b",peer="p1"} \#(values.last ?? 0)"#])
        #expect(lines("weft_member_received_bytes_total")[0].hasSuffix(" \(values.last ?? 0)"))
    }

    @Test func whoHasGoneIsForgotten() {
        metrics.show(reading([member("p1", "b"), member("p2", "c")]))
        metrics.show(reading([member("p2", "c")]))
        #expect(!registry.render().contains("p1"))
        metrics.show(reading([member("p2", "renamed")]))
        #expect(lines("weft_member_reachable") == [#"weft_member_reachable{name="renamed",peer="p2"} 1"#])
        metrics.show(reading())
        #expect(lines("weft_member_").isEmpty)
    }

    /// A mesh that changes all the time takes no more room than it is large.
    @Test func nothingIsLeftOfManyWhoCameAndWent() {
        let registry = PrometheusRegistry(maximumSeries: 100)
        let metrics = NodeMetrics(factory: registry)
        for round in 0..<200 { metrics.show(reading((0..<10).map { member("p\(round)-\($0)", "n") })) }
        let text = registry.render()
        #expect(text.contains("metrics_dropped_series_total 0\n") && text.contains(#"peer="p199-9""#) && !text.contains(#"peer="p198-"#))
    }

    /// A fault of somebody else's, and no reason to trap.
    @Test func oneMemberTwiceIsOne() {
        metrics.show(reading([member("p", "b"), member("p", "c", .unreachable)]))
        metrics.show(reading([member("p", "b"), member("p", "c", .unreachable)]))
        #expect(lines("weft_member_reachable") == [#"weft_member_reachable{name="b",peer="p"} 0"#])
    }

    @Test func aProcessIsShown() {
        #expect(lines("process_").isEmpty)
        var usage = ProcessUsage(residentBytes: 18 << 20, processorSeconds: 1.5, openDescriptors: 12, startSeconds: 1_700_000_000.25)
        metrics.show(usage)
        usage.processorSeconds = 2.25
        metrics.show(usage)
        #expect(
            lines("process_") == [
                "process_cpu_seconds_total 2.25", "process_open_fds 12", "process_resident_memory_bytes 18874368",
                "process_start_time_seconds 1700000000.25",
            ])
    }

    @Test func everythingHasHelp() {
        var known = member("p", "n")
        (known.lastHandshakeSecondsAgo, known.roundTripSeconds) = (1, 1)
        metrics.show(reading([known]))
        metrics.show(ProcessUsage(residentBytes: 1, processorSeconds: 1, openDescriptors: 1, startSeconds: 1))
        let text = registry.render()
        let types = Set(text.matches(of: #/(?m)^# TYPE (\w+) /#).map { String($0.1) })
        #expect(types == Set(NodeMetrics.help.keys))
        #expect(text.matches(of: #/(?m)^# HELP /#).count == types.count)
    }

    /// Nobody asks for metrics: all of it goes nowhere.
    @Test func offIsOff() {
        let metrics = NodeMetrics(factory: NOOPMetricsHandler.instance)
        metrics.count(.recordRefused)
        metrics.show(reading([member("p", "n")]))
        metrics.show(reading())
        metrics.show(ProcessUsage(residentBytes: 1, processorSeconds: 1, openDescriptors: 1, startSeconds: 1))
    }
}
