import Timeline

/// What happened in a simulation: the last lines, and a digest of all.
struct Trace: Sendable {
    /// What is worth telling.
    enum Kind: UInt64, Sendable {
        case started, stopped, connected, disconnected, dialing, dialed, dialFailed, joined, changed, left, expired, unreachable, reachable,
            published, notice, saved,
            fault, agreed, forgotten
    }

    struct Line: Sendable {
        let time: Instant
        let machine: Int
        let kind: Kind
        /// Another machine or a number that belongs to it; -1 if there is none.
        let subject: Int
        let text: String
    }

    static let kept = 60

    private(set) var digest: UInt64 = 0xcbf2_9ce4_8422_2325
    private var ring: [Line] = []
    private var next = 0
    /// Lines go to the standard output as they come.
    let isVerbose: Bool

    init(isVerbose: Bool) {
        self.isVerbose = isVerbose
    }

    mutating func note(_ kind: Kind, _ machine: Int, _ subject: Int = -1, at time: Instant, _ text: String = "") {
        let numbers = [time.nanoseconds, Int64(machine), Int64(subject)].map { UInt64(bitPattern: $0) }
        for word in numbers + [kind.rawValue] {
            digest = (digest ^ word) &* 0x0000_0100_0000_01b3
        }
        let line = Line(time: time, machine: machine, kind: kind, subject: subject, text: text)
        if isVerbose { print(line) }
        if ring.count < Self.kept {
            ring.append(line)
        } else {
            ring[next] = line
            next = (next + 1) % Self.kept
        }
    }

    /// Oldest first.
    var lines: [Line] { Array(ring[next...] + ring[..<next]) }
}

extension Trace.Line: CustomStringConvertible {
    var description: String {
        let who = machine < 0 ? "" : " n\(machine)"
        let whom = subject < 0 ? "" : " n\(subject)"
        return "\(time.inSeconds)\(who) \(kind)\(whom)\(text.isEmpty ? "" : " \(text)")"
    }
}

extension Instant {
    /// Virtual seconds since the start, with milliseconds.
    var inSeconds: String {
        let millis = nanoseconds / 1_000_000
        let fraction = "\(1000 + millis % 1000)".dropFirst()
        return "\(millis / 1000).\(fraction)s"
    }
}
