import Multiformats
import Timeline

/// What is remembered to judge a simulation.
struct InvariantChecker: Sendable {
    /// A record that a node has really issued.
    struct Issue: Sendable {
        let sequence: UInt64
        let time: Instant
        let lease: Duration
        let hasLeft: Bool
    }

    /// Two machines, the lower number first.
    struct Pair: Hashable, Sendable {
        let one: Int
        let other: Int
    }

    static let sampleInterval: Duration = .milliseconds(250)
    static let restSampleInterval: Duration = .seconds(5)
    /// Between two samples, per machine: more is a storm.
    static let maximumEvents = 50_000

    private(set) var violation: Violation?
    var isOver = false
    var eventCount = 0
    var eventCountAtSample = 0
    /// Something has changed since the nodes were compared.
    var isAgreementStale = true
    /// The machine that did not agree when they were, if any did not.
    var lastDissenter = 0
    /// Somebody began or ended, or took an address, since `rivals` were looked for.
    var areRivalsStale = true
    /// Live nodes that hold the same address.
    var rivals: [Pair] = []
    var quietSince: Instant?
    var agreedAt: Instant?
    /// What had been sent when rest began.
    var metersAtRest: [TrafficMeter]?
    /// Bytes per node and second at rest.
    var restTraffic: Double?
    var issues: [PeerID: [Issue]] = [:]
    /// A node has begun with what an earlier process had saved.
    var hasRestored = false
    var conflicts: [Pair: Instant] = [:]

    /// Nodes that have begun or ended so far.
    private(set) var lives = 0

    /// A node has begun or ended.
    mutating func noteLife() {
        lives += 1
        isAgreementStale = true
        areRivalsStale = true
    }

    /// The first one counts, and ends the simulation.
    mutating func report(_ promise: Violation.Promise, at time: Instant, _ details: String) {
        guard violation == nil else { return }
        violation = Violation(promise: promise, time: time, details: details)
        isOver = true
    }
}
