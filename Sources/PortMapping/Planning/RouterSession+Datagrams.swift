import IPAddresses
import Timeline

/// NAT-PMP and PCP: a question each, sent again until it is answered.
extension RouterSession {
    mutating func ask(_ questions: [DatagramQuestion], _ turn: inout RouterTurn) {
        guard !questions.isEmpty else { return }
        let known = round?.questions ?? []
        round?.questions = known + questions.filter { !known.contains($0) }
        round?.sendings = 1
        round?.nextSending = turn.now + turn.configuration.firstPause
        for question in questions { turn.actions.append(.send(request(question, turn), to: router)) }
    }

    private func request(_ question: DatagramQuestion, _ turn: RouterTurn) -> [UInt8] {
        let lifetime = question.isRemoval ? 0 : turn.configuration.lifetimeSeconds
        switch question {
        case .pcpMap(let local), .pcpRemoval(let local):
            let former = held[local]?.external
            return PCP.mapRequest(
                local, own: router.ownAddress, nonce: turn.identity.nonce(for: local, at: router),
                suggesting: question.isRemoval ? (nil, 0) : (former?.address, former?.port ?? local.number), lifetimeSeconds: lifetime)
        case .natPMPAddress: return NATPMP.addressRequest
        case .natPMPMap(let local): return NATPMP.mapRequest(local, suggesting: suggestion(for: local), lifetimeSeconds: lifetime)
        case .natPMPRemoval(let local): return NATPMP.mapRequest(local, suggesting: 0, lifetimeSeconds: lifetime)
        }
    }

    /// What we have, or would like to have.
    private func suggestion(for local: LocalPort) -> UInt16 {
        held[local]?.external.port ?? local.number
    }

    mutating func sendAgainIfDue(_ turn: inout RouterTurn) {
        guard let round, let due = round.nextSending, due <= turn.now else { return }
        guard !round.questions.isEmpty else {
            self.round?.nextSending = nil
            return
        }
        guard round.sendings < (round.isProbing ? turn.configuration.probes : turn.configuration.tries) else { return giveUp() }
        for question in round.questions { turn.actions.append(.send(request(question, turn), to: router)) }
        self.round?.nextSending = turn.now + turn.configuration.firstPause * (1 << min(round.sendings, 16))
        self.round?.sendings += 1
    }

    /// No answer will come.
    private mutating func giveUp() {
        guard let round else { return }
        let silent = Set(round.questions.filter { !$0.isRemoval }.map(\.way))
        let hasMapped = held.values.contains { $0.mappedAt >= round.startedAt }
        self.round?.questions = []
        self.round?.nextSending = nil
        for way in silent where way != self.way || !hasMapped { ruleOut(way) }
    }

    mutating func becameUnreachable(_ turn: inout RouterTurn) {
        guard let round, !round.questions.isEmpty else { return }
        // Who probes speaks both protocols to one port.
        let ways: Set<MappingWay> = round.isProbing && way == nil ? [.pcp, .natPMP] : Set(round.questions.map(\.way))
        self.round?.questions = []
        self.round?.nextSending = nil
        for way in ways { ruleOut(way) }
    }

    // MARK: Answers

    mutating func received(_ bytes: [UInt8], _ turn: inout RouterTurn) {
        if let answer = PCP.answer(bytes) {
            received(answer, &turn)
        } else if let answer = NATPMP.answer(bytes) {
            received(answer, &turn)
        }
    }

    private mutating func received(_ answer: PCP.Answer, _ turn: inout RouterTurn) {
        switch answer.content {
        case .announcement: hear(answer.epoch, .pcp, isNews: false, turn: &turn)
        case .notUnderstood(let refusal):
            guard isAsking(.pcp) else { return }
            round?.refusal = .refused(router, .pcp, reason: "\(refusal)")
            ruleOut(.pcp)
        case .refusal(let local, let nonce, let refusal):
            guard nonce == turn.identity.nonce(for: local, at: router) else { return }
            refused(.pcpMap(local), .pcpRemoval(local), "\(refusal)", &turn)
        case .mapping(let mapping):
            guard mapping.nonce == turn.identity.nonce(for: mapping.local, at: router) else { return }
            mapped(mapping, epoch: answer.epoch, &turn)
        }
    }

    private mutating func mapped(_ mapping: PCP.Mapping, epoch: UInt32, _ turn: inout RouterTurn) {
        let local = mapping.local
        // A removal is answered by a lifetime of 0; anything else answers what was asked before.
        if round?.questions.contains(.pcpRemoval(local)) == true {
            if mapping.lifetimeSeconds == 0 { _ = settle(.pcpRemoval(local)) }
            return
        }
        let isAnswer = round?.questions.contains(.pcpMap(local)) == true
        // A router may tell later that it maps in another way now (RFC 6887 section 14.2).
        guard isAnswer || wanted.contains(local) && held[local]?.way == .pcp else { return }
        guard mapping.lifetimeSeconds > 0, mapping.external.port > 0, isUsable(mapping.external.address) else {
            return refused(.pcpMap(local), .pcpRemoval(local), "the answer is no mapping", &turn)
        }
        check(epoch, .pcp, &turn)
        _ = settle(.pcpMap(local))
        hold(local, .pcp, mapping.external, mapping.lifetimeSeconds, &turn)
        guard way == nil, isAnswer else { return }
        choose(.pcp, &turn)
        ask(wanted.filter { $0 != local }.map { .pcpMap($0) }, &turn)
    }

    private mutating func received(_ answer: NATPMP.Answer, _ turn: inout RouterTurn) {
        switch answer.content {
        case .address(let address):
            guard settle(.natPMPAddress) else { return }
            check(answer.epoch, .natPMP, &turn)
            guard isUsable(address) else {
                round?.refusal = .refused(router, .natPMP, reason: "it has no external address")
                return ruleOut(.natPMP)
            }
            round?.natPMPAddress = address
            if way == .natPMP { ask(wanted.map { .natPMPMap($0) }, &turn) }
        case .mapping(let local, let external, let lifetime):
            if lifetime == 0, settle(.natPMPRemoval(local)) { return }
            guard let address = round?.natPMPAddress, round?.questions.contains(.natPMPMap(local)) == true else { return }
            guard lifetime > 0, external > 0 else {
                return refused(.natPMPMap(local), .natPMPRemoval(local), "the answer is no mapping", &turn)
            }
            check(answer.epoch, .natPMP, &turn)
            _ = settle(.natPMPMap(local))
            hold(local, .natPMP, SocketAddress(address, port: external), lifetime, &turn)
        case .refusal(let operation, let refusal): received(refusal, of: operation, &turn)
        }
    }

    /// A refusal of NAT-PMP does not say which port it is about.
    private mutating func received(_ refusal: NATPMP.Refusal, of operation: UInt8, _ turn: inout RouterTurn) {
        if refusal == .unsupportedVersion, operation != 0, isAsking(.pcp) { return ruleOut(.pcp) }
        for question in round?.questions ?? [] {
            switch question {
            case .natPMPAddress where operation == 0:
                round?.refusal = .refused(router, .natPMP, reason: "\(refusal)")
                ruleOut(.natPMP)
            case .natPMPMap(let local) where operation == (local.transport == .udp ? 1 : 2),
                .natPMPRemoval(let local) where operation == (local.transport == .udp ? 1 : 2):
                refused(.natPMPMap(local), .natPMPRemoval(local), "\(refusal)", &turn)
            default: break
            }
        }
    }

    private mutating func refused(
        _ map: DatagramQuestion, _ removal: DatagramQuestion, _ reason: String, _ turn: inout RouterTurn
    ) {
        if settle(removal) { return }
        guard settle(map) else { return }
        round?.refusal = .refused(router, map.way, reason: reason)
        let hasMapped = held.values.contains { $0.mappedAt >= round?.startedAt ?? turn.now }
        if !hasMapped, !isAsking(map.way) { ruleOut(map.way) }
    }

    /// It is answered. False if it was not asked.
    private mutating func settle(_ question: DatagramQuestion) -> Bool {
        guard let index = round?.questions.firstIndex(of: question) else { return false }
        round?.questions.remove(at: index)
        return true
    }

    private func isAsking(_ way: MappingWay) -> Bool {
        round?.questions.contains { $0.way == way && !$0.isRemoval } ?? false
    }

    private func isUsable(_ address: IPAddress) -> Bool {
        address.family == router.address.family && !address.isUnspecified && !address.isMulticast && !address.isLoopback
    }

    private mutating func hold(
        _ local: LocalPort, _ way: MappingWay, _ external: SocketAddress, _ lifetime: UInt32, _ turn: inout RouterTurn
    ) {
        let port = HeldPort(
            way: way, external: external, lifetimeSeconds: min(lifetime, PortMappingLimits.lifetimeSeconds), mappedAt: turn.now)
        hold(local, port, asked: suggestion(for: local), &turn)
    }

    // MARK: Restarts

    /// All ports are asked for in a round anyway.
    private mutating func check(_ epoch: UInt32, _ way: MappingWay, _ turn: inout RouterTurn) {
        let fits = clocks[way, default: RouterClock()].observe(epoch, way: way, now: turn.now)
        if !fits, !held.isEmpty { turn.actions.append(.note(.restarted(router))) }
    }

    /// An announcement: anybody could have sent it in the router's name, so it is a reason to ask, and nothing of it is kept.
    mutating func heard(_ bytes: [UInt8], _ turn: inout RouterTurn) {
        if let answer = PCP.answer(bytes), answer.content == .announcement {
            hear(answer.epoch, .pcp, isNews: false, turn: &turn)
        } else if let answer = NATPMP.answer(bytes), case .address(let address) = answer.content {
            hear(answer.epoch, .natPMP, isNews: held.values.contains { $0.external.address != address }, turn: &turn)
        }
    }

    private mutating func hear(_ epoch: UInt32, _ way: MappingWay, isNews: Bool, turn: inout RouterTurn) {
        var clock = clocks[way] ?? RouterClock()
        let fits = clock.observe(epoch, way: way, now: turn.now)
        // By whatever protocol a mapping was made: it is older than the router's memory, with the drift that clocks are allowed.
        let isLost = held.values.contains { port in
            let age = max(0, (turn.now - port.mappedAt).wholeSeconds)
            return age - age / 8 > Int64(epoch) + 2
        }
        guard !fits || isLost || isNews || held.isEmpty else { return }
        beginSoon(after: turn.configuration.restartDelay * turn.chance, turn)
    }
}
