import Timeline

/// What TCP and the kernels do: keep the order, send again, notice that nobody is there any more.
extension Simulation {
    // MARK: Ways

    /// Whether a packet from this end gets to the other machine now.
    private func isOpen(_ connection: Connection, from side: Connection.Side) -> Bool {
        let (source, destination) = (connection[side], connection[side.other])
        return network.isOpen(from: source.machine, to: destination.machine) && machines[source.machine].isPowered
            && machines[destination.machine].isPowered && machines[source.machine].address == source.address
            && machines[destination.machine].address == destination.address
    }

    private func isOpenBothWays(_ connection: Connection) -> Bool {
        isOpen(connection, from: .dialer) && isOpen(connection, from: .listener)
    }

    // MARK: Sending

    mutating func transmit(_ frame: Frame, on id: ConnectionID, from machine: Int) {
        guard let side = connections[id]?.openSide(of: machine) else { return }
        meters[machine].count(bytes: frame.byteCount + Connection.frameOverhead, frames: 1)
        transmit(frame, on: id, side)
    }

    private mutating func transmit(_ frame: Frame, on id: ConnectionID, _ side: Connection.Side) {
        guard let connection = connections[id] else { return }
        if connection[side].held.isEmpty, isOpen(connection, from: side) {
            carry(frame, on: id, side)
        } else {
            connections[id]?[side].held.append(frame)
        }
        guard connection[side].unacknowledgedSince == nil, !isOpenBothWays(connection) else { return }
        connections[id]?[side].unacknowledgedSince = now
        connections[id]?[side].retransmissionDelay = Connection.firstRetransmission
        plan(.retransmission(id, side), after: Connection.firstRetransmission)
    }

    private mutating func carry(_ frame: Frame, on id: ConnectionID, _ side: Connection.Side) {
        guard let connection = connections[id] else { return }
        let (source, destination) = (connection[side].machine, connection[side.other].machine)
        var arrival = now + network.delay(from: source, to: destination)
        if case .sync = frame, !connection[side].hasSyncStream {
            connections[id]?[side].hasSyncStream = true
            arrival = arrival + network.roundTrip(between: source, and: destination)
        }
        let earlier = connection[side].lastArrival
        let stream = frame.stream
        let first = if case .end = frame { earlier.max() ?? now } else { earlier[stream] }
        arrival = max(arrival, first + .nanoseconds(1))
        connections[id]?[side].lastArrival[stream] = arrival
        queue.insert(.arrival(id, from: side, frame), at: arrival)
    }

    /// Sends again what was lost, less and less often; in the end the kernel gives up.
    mutating func retransmit(_ id: ConnectionID, _ side: Connection.Side) {
        guard let connection = connections[id], connection[side].isOpen, let since = connection[side].unacknowledgedSince else { return }
        if isOpen(connection, from: side), !connection[side].held.isEmpty {
            let held = connection[side].held
            connection[side].held = []
            for frame in held { carry(frame, on: id, side) }
        }
        if isOpenBothWays(connection) {
            connections[id]?[side].unacknowledgedSince = nil
        } else if now - since >= Self.limits.tcpUserTimeout {
            transportEnded(id, side)
        } else {
            let delay = min(connection[side].retransmissionDelay * 2, Connection.slowestRetransmission)
            connections[id]?[side].retransmissionDelay = delay
            queue.insert(.retransmission(id, side), at: min(now + delay, since + Self.limits.tcpUserTimeout))
        }
    }

    // MARK: Ends

    /// This end's kernel says so to the other one, if it can; else that one has to find out.
    mutating func close(_ id: ConnectionID, _ side: Connection.Side, isGoodbye: Bool) {
        guard let connection = connections[id], connection[side].isOpen else { return }
        connections[id]?[side].isOpen = false
        if connection[side].held.isEmpty, isOpen(connection, from: side) {
            carry(.end(isGoodbye: isGoodbye), on: id, side)
        } else if connection[side.other].isOpen {
            watch(id, side.other)
        }
    }

    /// Whoever sends to an end that is closed is told so by that end's kernel.
    mutating func answerDead(_ id: ConnectionID, _ side: Connection.Side) {
        guard let connection = connections[id], connection[side].isOpen, isOpen(connection, from: side.other) else { return }
        plan(.reset(id, side), after: network.delay(from: connection[side.other].machine, to: connection[side].machine))
    }

    // MARK: Keep-alive

    /// Something happened to the ways: connections that cannot work any more will be found out in time.
    mutating func watchConnections() {
        for id in connections.keys.sorted() {
            guard let connection = connections[id], !isOpenBothWays(connection) else { continue }
            watch(id, .dialer)
            watch(id, .listener)
        }
    }

    private mutating func watch(_ id: ConnectionID, _ side: Connection.Side) {
        guard let end = connections[id]?[side], end.isOpen, !end.isProbing else { return }
        connections[id]?[side].isProbing = true
        connections[id]?[side].failedProbes = 0
        queue.insert(.keepAlive(id, side), at: max(now, end.lastHeard + .seconds(Self.limits.tcpKeepAliveIdleSeconds)))
    }

    /// What arrives shows that the sender is there, and the acknowledgement shows it to the sender.
    mutating func heard(on id: ConnectionID, _ side: Connection.Side) {
        connections[id]?[side].lastHeard = now
        guard let connection = connections[id], isOpen(connection, from: side) else { return }
        connections[id]?[side.other].lastHeard = now
    }

    /// Linux sends no probes while it waits for an acknowledgement: then sending again decides.
    mutating func probe(_ id: ConnectionID, _ side: Connection.Side) {
        guard let connection = connections[id], connection[side].isOpen else { return }
        let interval = Duration.seconds(Self.limits.tcpKeepAliveIntervalSeconds)
        let idleEnd = connection[side].lastHeard + .seconds(Self.limits.tcpKeepAliveIdleSeconds)
        if idleEnd > now { return queue.insert(.keepAlive(id, side), at: idleEnd) }
        if connection[side].unacknowledgedSince != nil {
            connections[id]?[side].failedProbes = 0
            return plan(.keepAlive(id, side), after: interval)
        }
        if isOpenBothWays(connection) {
            connections[id]?[side].isProbing = false
            connections[id]?[side].lastHeard = now
            if !connection[side.other].isOpen { answerDead(id, side) }
        } else if connection[side].failedProbes >= Self.limits.tcpKeepAliveCount {
            transportEnded(id, side)
        } else {
            connections[id]?[side].failedProbes += 1
            plan(.keepAlive(id, side), after: interval)
        }
    }
}
