import Timeline

/// One thing that is done to the machines or the network.
package enum FaultStep: Sendable {
    /// Power on if need be, and start the node with what is on the disk; with an empty disk it joins.
    case start(Int)
    /// SIGTERM: it saves, and closes its connections.
    case stop(Int)
    /// SIGKILL: the kernel closes its connections; what was not saved is lost.
    case kill(Int)
    /// Nobody is told.
    case powerOff(Int)
    /// After `kill` or `powerOff`: the disk is empty, so the machine will be another node.
    case wipe(Int)
    /// `weft leave`.
    case leave(Int)
    /// The disk of the second becomes a copy of the first one's, and its node starts with it.
    case clone(Int, onto: Int)
    case beginCut(Int, Cut)
    case endCut(Int)
    /// Each connection of the machine breaks.
    case resetConnections(Int)
    /// From now on the wall clock is so many milliseconds ahead of the truth.
    case setClock(Int, offsetMillis: Int64)
    case changeAddress(Int)
    /// It finds one more endpoint of its own.
    case announce(Int)
    /// Of 1000 packets so many get lost.
    case setLoss(perMille: Int)
    /// The last fault is over: who never met anybody is joined anew by its user, and from now on promises are checked.
    case quiet
}

/// What is done, and when.
package struct FaultPlan: Sendable {
    package private(set) var steps: [(time: Instant, step: FaultStep)] = []

    mutating func add(_ step: FaultStep, at time: Instant) { steps.append((time, step)) }

    var end: Instant { steps.map(\.time).max() ?? .origin }
}
