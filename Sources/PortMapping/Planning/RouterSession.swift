import IPAddresses
import Timeline

/// All that goes on with one router: rounds in which it is asked for all ports, and rests between them.
struct RouterSession: Sendable {
    let router: Router
    var wanted: [LocalPort] = []
    var held: [LocalPort: HeldPort] = [:]
    /// The protocol that the router answered to; `nil`: all are tried.
    var way: MappingWay?
    /// Of a UPnP router that has mapped something.
    var connection: WANConnection?
    /// A UPnP router said that it knows no leases.
    var hasNoLeases = false
    /// `nil` at rest.
    var round: RouterRound?
    /// At rest: when to begin the next round; `nil`: there is nothing to ask for.
    var nextRound: Instant?
    private var lastStart: Instant?
    /// Rounds since everything was mapped.
    private var failures = 0
    var clocks: [MappingWay: RouterClock] = [:]
    /// What the round waits for.
    var activeRequest: HTTPRequestID?
    /// To remove UPnP mappings; nothing but the end waits for them.
    var removals: Set<HTTPRequestID> = []
    var toldWay: MappingWay?
    private(set) var isStopping = false

    init(_ router: Router) {
        self.router = router
    }

    /// In the order of what is wanted.
    var mappings: [MappedPort] {
        wanted.compactMap { local in held[local].map { mappedPort(local, $0) } }
    }

    func mappedPort(_ local: LocalPort, _ port: HeldPort) -> MappedPort {
        MappedPort(local: local, external: port.external, router: router, way: port.way, lifetimeSeconds: port.lifetimeSeconds)
    }

    var nextDeadline: Instant? {
        var deadline = round == nil ? nextRound : round?.nextSending
        if case .searching(_, let next) = round?.upnp { deadline = earliest(deadline, next) }
        return held.values.reduce(deadline) { earliest($0, $1.expiresAt) }
    }

    /// Which protocols are of use: not where everybody can reach us anyway, and NAT is a matter of IPv4.
    private func ways(_ configuration: PortMappingConfiguration) -> Set<MappingWay> {
        switch router.address.family {
        case .ipv4: router.ownAddress.isPublic ? [] : configuration.ways
        case .ipv6: router.ownAddress.isPublic ? configuration.ways.intersection([.pcp]) : []
        }
    }

    // MARK: Inputs

    mutating func want(_ ports: [LocalPort], _ turn: inout RouterTurn) {
        guard ports != wanted, !isStopping else { return }
        let gone = Set(held.keys).subtracting(ports)
        wanted = ports
        failures = 0
        let forgotten = abandonRound(&turn).filter { !ports.contains($0.key) }
        begin(removing: take(gone).merging(forgotten) { held, _ in held }, &turn)
    }

    mutating func recheck(_ turn: inout RouterTurn) {
        failures = 0
        beginSoon(after: .zero, turn)
    }

    mutating func deadlineReached(_ turn: inout RouterTurn) {
        for local in wanted {
            guard let port = held[local], let end = port.expiresAt, end <= turn.now else { continue }
            held[local] = nil
            turn.actions.append(.note(.expired(mappedPort(local, port))))
        }
        if round == nil {
            if let nextRound, nextRound <= turn.now { begin(removing: [:], &turn) }
        } else {
            sendAgainIfDue(&turn)
            searchAgainIfDue(&turn)
        }
    }

    mutating func stop(_ turn: inout RouterTurn) {
        isStopping = true
        let unfinished = abandonRound(&turn)
        let all = take(Set(held.keys)).merging(unfinished) { held, _ in held }
        nextRound = nil
        wanted = []
        begin(removing: all, &turn)
    }

    /// Whether nothing is waited for after `stop`.
    var isStopped: Bool { isStopping && round == nil && removals.isEmpty }

    // MARK: Rounds

    /// Begins a round before its time, but not for everybody who says so.
    mutating func beginSoon(after delay: Duration, _ turn: RouterTurn) {
        guard round == nil, let next = nextRound else { return }
        let soonest = max(turn.now + delay, (lastStart ?? turn.now) + turn.configuration.minimumRest)
        nextRound = min(next, soonest)
    }

    /// Asks for all that is wanted, and takes back what is not.
    private mutating func begin(removing former: [LocalPort: HeldPort], _ turn: inout RouterTurn) {
        let ways = ways(turn.configuration)
        nextRound = nil
        round = RouterRound(startedAt: turn.now, ruledOut: Set(MappingWay.allCases).subtracting(ways))
        remove(former, &turn)
        guard !wanted.isEmpty, !ways.isEmpty else { return goOn(&turn) }
        lastStart = turn.now
        switch way {
        case .pcp: ask(wanted.map { .pcpMap($0) }, &turn)
        case .natPMP: ask([.natPMPAddress], &turn)
        case .upnp: startUPnP(&turn)
        case nil: break
        }
        goOn(&turn)
    }

    /// Does what follows from where the round is now.
    mutating func goOn(_ turn: inout RouterTurn) {
        guard let round else { return }
        let isAsking = !round.questions.isEmpty
        if wanted.isEmpty || round.ruledOut.count == MappingWay.allCases.count { return isAsking ? () : finish(&turn) }
        switch way {
        case .pcp, .natPMP: if !isAsking { finish(&turn) }
        case .upnp: if case .done = round.upnp, !isAsking { finish(&turn) }
        case nil: probe(&turn)
        }
    }

    private mutating func probe(_ turn: inout RouterTurn) {
        guard let round else { return }
        let left = Set(MappingWay.allCases).subtracting(round.ruledOut)
        if !round.isProbing {
            self.round?.isProbing = true
            var questions: [DatagramQuestion] = []
            if left.contains(.pcp), let first = wanted.first { questions.append(.pcpMap(first)) }
            if left.contains(.natPMP) { questions.append(.natPMPAddress) }
            if !questions.isEmpty { return ask(questions, &turn) }
        }
        if round.natPMPAddress != nil, left.contains(.natPMP), round.isOverdue || !left.contains(.pcp) {
            choose(.natPMP, &turn)
            ask(wanted.map { .natPMPMap($0) }, &turn)
        } else if left.contains(.upnp), case .idle = round.upnp, round.isOverdue || left == [.upnp] {
            startUPnP(&turn)
        }
    }

    /// The router answers to this one: the others are not needed.
    mutating func choose(_ way: MappingWay, _ turn: inout RouterTurn) {
        self.way = way
        round?.questions.removeAll { !$0.isRemoval }
        if way != .upnp {
            round?.upnp = .idle
            activeRequest = nil
        }
        turn.actions.append(.endSearch(router))
    }

    /// Of no use in this round. What is left is tried.
    mutating func ruleOut(_ way: MappingWay) {
        round?.ruledOut.insert(way)
        round?.questions.removeAll { $0.way == way && !$0.isRemoval }
        guard self.way == way else { return }
        self.way = nil
        round?.isProbing = false
    }

    private mutating func finish(_ turn: inout RouterTurn) {
        guard let round else { return }
        self.round = nil
        activeRequest = nil
        turn.actions.append(.endSearch(router))
        guard !wanted.isEmpty, !ways(turn.configuration).isEmpty else { return }
        let isComplete = wanted.allSatisfy { local in held[local].map { $0.mappedAt >= round.startedAt } ?? false }
        if isComplete {
            failures = 0
        } else {
            failures += 1
            turn.actions.append(.note(round.refusal ?? .noAnswer(router)))
        }
        nextRound = turn.now + rest(isComplete, turn)
        guard let way, way != toldWay, isComplete else { return }
        toldWay = way
        turn.actions.append(.note(.mapped(router, way)))
    }

    /// Until the next round: half of what is left of the mappings, or the pause after a failure. A little less, by chance: many hosts that
    /// began together, say after a power cut, shall not go on together.
    private func rest(_ isComplete: Bool, _ turn: RouterTurn) -> Duration {
        let configuration = turn.configuration
        let ends = held.values.map { turn.now.duration(to: $0.expiresAt ?? turn.now + .seconds(Int64(configuration.lifetimeSeconds))) }
        var rest = ends.min().map { min(max($0 / 2, configuration.minimumRenewal), configuration.maximumRenewal) }
        if !isComplete {
            // 4 to the tenth is a million: more than any cap needs.
            let backoff = configuration.minimumBackoff * (1 << (2 * min(max(failures - 1, 0), 10)))
            rest = min(rest ?? backoff, backoff, configuration.maximumBackoff)
        }
        return (rest ?? configuration.maximumBackoff) * (1 - turn.chance / 8)
    }

    // MARK: Taking back

    /// These are not ours any more.
    private mutating func take(_ locals: Set<LocalPort>) -> [LocalPort: HeldPort] {
        defer { for local in locals { held[local] = nil } }
        return held.filter { locals.contains($0.key) }
    }

    /// Ends the round. What was asked for and not answered yet may come to be.
    private mutating func abandonRound(_ turn: inout RouterTurn) -> [LocalPort: HeldPort] {
        guard let round else { return [:] }
        self.round = nil
        activeRequest = nil
        turn.actions.append(.endSearch(router))
        var unfinished: [LocalPort: HeldPort] = [:]
        func note(_ local: LocalPort, _ way: MappingWay, _ port: UInt16) {
            let external = SocketAddress(router.address, port: port)
            unfinished[local] = HeldPort(way: way, external: external, lifetimeSeconds: nil, mappedAt: turn.now)
        }
        for question in round.questions {
            switch question {
            case .pcpMap(let local), .pcpRemoval(let local): note(local, .pcp, 0)
            case .natPMPMap(let local), .natPMPRemoval(let local): note(local, .natPMP, 0)
            case .natPMPAddress: break
            }
        }
        if case .adding(let adding) = round.upnp {
            connection = adding.connection
            note(adding.port, .upnp, adding.external)
        }
        return unfinished
    }

    private mutating func remove(_ former: [LocalPort: HeldPort], _ turn: inout RouterTurn) {
        // In an order that is the same in every run.
        let former = former.sorted { ($0.key.number, $0.key.transport.rawValue) < ($1.key.number, $1.key.transport.rawValue) }
        var questions: [DatagramQuestion] = []
        for (local, port) in former {
            switch port.way {
            case .pcp: questions.append(.pcpRemoval(local))
            case .natPMP: questions.append(.natPMPRemoval(local))
            case .upnp: removeByUPnP(local, port, &turn)
            }
        }
        if !questions.isEmpty { ask(questions, &turn) }
    }

    // MARK: What was had

    mutating func hold(_ local: LocalPort, _ port: HeldPort, asked: UInt16, _ turn: inout RouterTurn) {
        let former = held.updateValue(port, forKey: local)
        guard former?.external != port.external else { return }
        let mapped = mappedPort(local, port)
        if port.external.port != asked { turn.actions.append(.note(.anotherPort(mapped, asked: asked))) }
        let isKnown = held.contains { $0.key != local && $0.value.external.address == port.external.address }
        guard !mapped.isPublic, !isKnown else { return }
        turn.actions.append(.note(.notPublic(router, external: port.external.address)))
    }
}
