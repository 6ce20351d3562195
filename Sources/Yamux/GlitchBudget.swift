import Timeline

/// Counts frames of a peer that are legal but of no use. Time and useful payload forgive them, so only a flood uses the budget up.
struct GlitchBudget: Sendable {
    private let limit: Int
    private let intervalNanoseconds: Int64
    private let forgivenessBytes: Int
    private var glitches = 0
    private var credit = 0
    private var lastForgiven: Instant

    init(_ configuration: YamuxConfiguration, now: Instant) {
        limit = configuration.maximumGlitches
        intervalNanoseconds = max(configuration.glitchForgivenessInterval.saturatedNanoseconds, 1)
        forgivenessBytes = max(configuration.glitchForgivenessBytes, 1)
        lastForgiven = now
    }

    mutating func spend(now: Instant) throws(YamuxProtocolError) {
        forgive(now: now)
        glitches += 1
        if glitches > limit { throw .tooManyGlitches }
    }

    /// Payload came that somebody wanted.
    mutating func earn(_ bytes: Int) {
        credit += bytes
        guard credit >= forgivenessBytes else { return }
        glitches = max(0, glitches - credit / forgivenessBytes)
        credit %= forgivenessBytes
    }

    private mutating func forgive(now: Instant) {
        let elapsed = (now - lastForgiven).saturatedNanoseconds
        guard elapsed >= intervalNanoseconds else { return }
        let forgiven = Int(clamping: elapsed / intervalNanoseconds)
        glitches = max(0, glitches - forgiven)
        lastForgiven = now - .nanoseconds(elapsed % intervalNanoseconds)
    }
}
