/// The bounds and times of a yamux session. Every queue and count that a peer or the application can grow has its limit here.
package struct YamuxConfiguration: Hashable, Sendable {
    /// Bytes either side may send on a new stream before the first WindowUpdate. Fixed by the protocol, hence no setting.
    package static let initialWindow: UInt32 = 262_144

    /// The most bytes that a peer may have in flight to us on one stream, delivered or not, until the application consumes them.
    /// Windows start at ``initialWindow`` and double up to here while they are used up quickly. A smaller value counts as
    /// ``initialWindow``.
    package var maximumWindow: UInt32 = 1_048_576

    /// The most payload bytes in a Data frame that we send; small enough that streams share the connection evenly.
    /// Held to 1 … ``initialWindow``.
    package var maximumFramePayload: Int = 16_384

    /// Live streams that the peer may have opened. Past it a new stream is reset, the session lives on.
    package var maximumInboundStreams: Int = 256

    /// Streams that we opened and that the peer has not acknowledged. Past it `open` is refused. Peers reset what exceeds their own
    /// backlog, which is 256 in the implementations known.
    package var maximumPendingOpens: Int = 256

    /// Bytes that one stream queues while the peer's window (or the transport) is closed. A write that would exceed it is refused whole,
    /// so it is the largest single write, too.
    package var maximumBufferedSendBytes: Int = 262_144

    /// Replies (pongs, acknowledgements, resets) that a peer can make us hand to a transport that does not take them. Past it the
    /// session ends. Counted only between `transportWritable(false)` and `transportWritable(true)`.
    package var maximumControlBacklog: Int = 1_024

    /// Frames without use (empty ones, pings, refused or reset streams, frames for no stream) that a peer may send in a burst. Past it
    /// the session ends.
    package var maximumGlitches: Int = 1_024

    /// One glitch is forgiven each time this much time has passed …
    package var glitchForgivenessInterval: Duration = .milliseconds(10)

    /// … and each time this many payload bytes have arrived on live streams.
    package var glitchForgivenessBytes: Int = 1_024

    /// Silence of the peer after which we send a Ping. `nil` turns the keep-alive off: then an idle session has no deadline.
    package var keepAliveInterval: Duration?

    /// How long we wait for any byte after a keep-alive Ping before the session ends.
    package var keepAliveTimeout: Duration = .seconds(10)

    /// The age after which the round trip time is measured again, but only while a stream receives in bulk: its windows grow by it.
    /// `nil` means never.
    package var roundTripProbeInterval: Duration? = .seconds(30)

    package init() {}
}

extension YamuxConfiguration {
    var windowLimit: UInt32 { max(maximumWindow, Self.initialWindow) }
    var framePayloadLimit: Int { min(max(maximumFramePayload, 1), Int(clamping: Self.initialWindow)) }
}
