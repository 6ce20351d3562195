import Timeline

/// What a router says of its age, against our own clock: by this one learns that it has started again and forgotten its mappings.
package struct RouterClock: Hashable, Sendable {
    private struct Reading: Hashable {
        let epoch: UInt32
        let at: Instant
    }

    private var last: Reading?

    package init() {}

    /// Takes the age that came with an answer. False if mappings are lost: the ages do not fit together.
    ///
    /// Both protocols allow a clock to be wrong by a part of the time that has passed and by two seconds. In NAT-PMP only a clock that is behind
    /// counts (RFC 6886 section 3.6, an eighth), in PCP also one that is ahead (RFC 6887 section 8.5, a sixteenth).
    package mutating func observe(_ epoch: UInt32, way: MappingWay, now: Instant) -> Bool {
        defer { last = Reading(epoch: epoch, at: now) }
        guard let last else { return true }
        let client = max(0, (now - last.at).wholeSeconds)
        let server = Int64(epoch) - Int64(last.epoch)
        switch way {
        case .pcp:
            if server < -1 { return false }
            return client + 2 >= server - server / 16 && server + 2 >= client - client / 16
        case .natPMP, .upnp:
            return server + 2 >= client - client / 8
        }
    }
}
