import CoreMetrics

/// The series of one member.
struct MemberSeries {
    /// Under which name it is shown; under another one it is another set of series.
    let name: String
    private let labels: [(String, String)]
    private let factory: any MetricsFactory
    private let reachable: Gauge
    private let received: Counter
    private let sent: Counter
    private var receivedBytes: UInt64 = 0
    private var sentBytes: UInt64 = 0
    private var lastHandshake: Gauge?
    private var roundTrip: Gauge?

    init(_ member: NodeReading.Member, _ factory: any MetricsFactory) {
        name = member.name
        labels = [("peer", member.peerID), ("name", member.name)]
        self.factory = factory
        reachable = Gauge(label: "weft_member_reachable", dimensions: labels, factory: factory)
        received = Counter(label: "weft_member_received_bytes_total", dimensions: labels, factory: factory)
        sent = Counter(label: "weft_member_sent_bytes_total", dimensions: labels, factory: factory)
    }

    mutating func show(_ member: NodeReading.Member) {
        reachable.record(member.state == .unreachable ? 0 : 1)
        Self.raise(received, from: &receivedBytes, to: member.receivedBytes)
        Self.raise(sent, from: &sentBytes, to: member.sentBytes)
        show(member.lastHandshakeSecondsAgo.map { Double($0) }, "weft_member_last_handshake_seconds", \.lastHandshake)
        show(member.roundTripSeconds, "weft_member_round_trip_seconds", \.roundTrip)
    }

    func destroy() {
        reachable.destroy()
        received.destroy()
        sent.destroy()
        lastHandshake?.destroy()
        roundTrip?.destroy()
    }

    /// What is not known is not shown: a zero would be a lie.
    private mutating func show(_ value: Double?, _ name: String, _ gauge: WritableKeyPath<MemberSeries, Gauge?>) {
        guard let value else {
            self[keyPath: gauge]?.destroy()
            self[keyPath: gauge] = nil
            return
        }
        let shown = self[keyPath: gauge] ?? Gauge(label: name, dimensions: labels, factory: factory)
        shown.record(value)
        self[keyPath: gauge] = shown
    }

    /// WireGuard counts by itself, and begins anew when its peer is set up anew.
    private static func raise(_ counter: Counter, from last: inout UInt64, to bytes: UInt64) {
        if bytes < last {
            counter.reset()
            last = 0
        }
        counter.increment(by: Int64(clamping: bytes - last))
        last = bytes
    }
}
