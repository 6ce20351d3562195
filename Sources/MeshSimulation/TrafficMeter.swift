/// What a machine has sent.
struct TrafficMeter: Sendable {
    /// With the headers of all layers.
    private(set) var bytes = 0
    private(set) var frames = 0

    mutating func count(bytes: Int, frames: Int) {
        self.bytes += bytes
        self.frames += frames
    }
}
