import IPAddresses
import Timeline

/// Decides which router is asked for what, by which protocol, and when. It has no socket, no clock and no randomness of its own.
///
/// At rest it waits for one moment, `nextDeadline`: half of a mapping's lifetime, or the next try with a router that gives none.
package struct PortMappingPlanner<Generator: RandomNumberGenerator & Sendable>: Sendable {
    private let identity: PortMappingIdentity
    private let configuration: PortMappingConfiguration
    private var generator: Generator
    private var sessions: [RouterSession] = []
    private var lastTold: [MappedPort] = []
    /// After `stop`: when it ends, whoever has answered; then that it has ended.
    private var stopping: Stopping?
    private var lastRequest: UInt64 = 0

    private enum Stopping: Hashable, Sendable {
        case until(Instant)
        case ended
    }

    package init(
        identity: PortMappingIdentity, configuration: PortMappingConfiguration = PortMappingConfiguration(), generator: Generator
    ) {
        self.identity = identity
        self.configuration = configuration
        self.generator = generator
    }

    package mutating func handle(_ input: PortMappingInput, now: Instant) -> [PortMappingAction] {
        guard stopping != .ended else { return [] }
        var actions: [PortMappingAction] = []
        switch input {
        case .want(let ports, let routers): if stopping == nil { want(ports, routers, now, &actions) }
        case .datagram(let bytes, let router): inform(router, now, &actions) { $0.received(bytes, &$1) }
        case .unreachable(let router): inform(router, now, &actions) { $0.becameUnreachable(&$1) }
        case .searchAnswer(let bytes, let source, let router):
            guard source == router.address else { break }
            inform(router, now, &actions) { $0.found(bytes, &$1) }
        case .announcement(let bytes, let source, let port):
            guard port == NATPMP.port else { break }
            for router in sessions.map(\.router) where router.address == source { inform(router, now, &actions) { $0.heard(bytes, &$1) } }
        case .answered(let id, let answer, let router): inform(router, now, &actions) { $0.answered(id, answer, &$1) }
        case .recheck: informAll(now, &actions) { $0.recheck(&$1) }
        case .deadlineReached: informAll(now, &actions) { $0.deadlineReached(&$1) }
        case .stop: if stopping == nil { stop(now, &actions) }
        }
        tell(&actions)
        finishStopping(now, &actions)
        return actions
    }

    /// When to call `handle(.deadlineReached)`.
    package var nextDeadline: Instant? {
        switch stopping {
        case .ended: nil
        case .until(let end): sessions.reduce(end) { min($0, $1.nextDeadline ?? end) }
        case nil: sessions.reduce(nil) { earliest($0, $1.nextDeadline) }
        }
    }

    /// What there is now.
    package var mappings: [MappedPort] {
        stopping == nil ? sessions.flatMap(\.mappings) : []
    }

    // MARK: What is wanted

    private mutating func want(_ ports: [LocalPort], _ routers: [Router], _ now: Instant, _ actions: inout [PortMappingAction]) {
        let ports = Array(ports.uniqued().prefix(PortMappingLimits.ports))
        let routers = routers.uniqued().prefix(PortMappingLimits.routers)
        // A router that is no default gateway any more is not told: what it maps to an address that we may have lost runs out.
        for session in sessions where !routers.contains(session.router) { actions += [.endSearch(session.router), .close(session.router)] }
        sessions = routers.map { router in sessions.first { $0.router == router } ?? RouterSession(router) }
        for router in routers { inform(router, now, &actions) { $0.want(ports, &$1) } }
    }

    // MARK: The end

    private mutating func stop(_ now: Instant, _ actions: inout [PortMappingAction]) {
        stopping = .until(now + configuration.farewell)
        informAll(now, &actions) { $0.stop(&$1) }
    }

    private mutating func finishStopping(_ now: Instant, _ actions: inout [PortMappingAction]) {
        guard case .until(let end) = stopping, now >= end || sessions.allSatisfy(\.isStopped) else { return }
        stopping = .ended
        for session in sessions { actions += [.endSearch(session.router), .close(session.router)] }
        actions.append(.stopped)
        sessions = []
    }

    // MARK: Sessions

    private mutating func informAll(
        _ now: Instant, _ actions: inout [PortMappingAction], _ change: (inout RouterSession, inout RouterTurn) -> Void
    ) {
        for router in sessions.map(\.router) { inform(router, now, &actions, change) }
    }

    /// Who is not there any more needs to know nothing.
    private mutating func inform(
        _ router: Router, _ now: Instant, _ actions: inout [PortMappingAction],
        _ change: (inout RouterSession, inout RouterTurn) -> Void
    ) {
        guard let index = sessions.firstIndex(where: { $0.router == router }) else { return }
        var turn = RouterTurn(
            now: now, chance: Double.random(in: 0..<1, using: &generator), configuration: configuration, identity: identity,
            lastRequest: lastRequest)
        change(&sessions[index], &turn)
        sessions[index].goOn(&turn)
        lastRequest = turn.lastRequest
        actions += turn.actions
    }

    private mutating func tell(_ actions: inout [PortMappingAction]) {
        let mappings = self.mappings
        guard mappings != lastTold else { return }
        lastTold = mappings
        actions.append(.changed(mappings))
    }
}

/// What a session needs to know while it takes one input, and what it wants done then.
struct RouterTurn: Sendable {
    let now: Instant
    /// 0 up to 1, drawn for this turn.
    let chance: Double
    let configuration: PortMappingConfiguration
    let identity: PortMappingIdentity
    var lastRequest: UInt64
    var actions: [PortMappingAction] = []

    mutating func newRequest() -> HTTPRequestID {
        lastRequest += 1
        return HTTPRequestID(number: lastRequest)
    }
}

extension Sequence where Element: Hashable {
    /// Each element once, where it comes first.
    fileprivate func uniqued() -> [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
