import IPAddresses
import Timeline

/// UPnP: search, description, address, ports; one request after the other.
extension RouterSession {
    mutating func startUPnP(_ turn: inout RouterTurn) {
        if let connection {
            askAddress([connection], &turn)
        } else {
            search(round: 0, &turn)
        }
    }

    // MARK: The search

    private mutating func search(round number: Int, _ turn: inout RouterTurn) {
        round?.upnp = .searching(round: number, next: turn.now + turn.configuration.searchPause)
        for request in DeviceSearch.requests(round: number, router: router.address) {
            turn.actions.append(.search(request.bytes, to: request.to, for: router))
        }
    }

    mutating func searchAgainIfDue(_ turn: inout RouterTurn) {
        guard case .searching(let number, let next) = round?.upnp, next <= turn.now else { return }
        if number + 1 < turn.configuration.searches {
            search(round: number + 1, &turn)
        } else {
            turn.actions.append(.endSearch(router))
            upnpFailed()
        }
    }

    mutating func found(_ answer: [UInt8], _ turn: inout RouterTurn) {
        guard let url = DeviceSearch.location(in: answer, router: router.address) else { return }
        switch round?.upnp {
        case .searching: describe(url, others: [], &turn)
        case .describing(let current, let others):
            // Many devices answer once for each name they are searched by.
            guard url != current, !others.contains(url), others.count + 1 < PortMappingLimits.locations else { return }
            round?.upnp = .describing(current, others: others + [url])
        case .idle, .askingAddress, .adding, .done, .failed, nil: break
        }
    }

    private mutating func describe(_ url: DeviceURL, others: [DeviceURL], _ turn: inout RouterTurn) {
        round?.upnp = .describing(url, others: others)
        request(HTTPRequest(method: .get, url: url), &turn)
    }

    // MARK: Requests

    private mutating func request(_ request: HTTPRequest, _ turn: inout RouterTurn) {
        guard let count = round?.upnpRequests, count < PortMappingLimits.requests else { return upnpFailed() }
        round?.upnpRequests = count + 1
        let id = turn.newRequest()
        activeRequest = id
        turn.actions.append(.request(id, request, to: router))
    }

    mutating func answered(_ id: HTTPRequestID, _ answer: HTTPAnswer?, _ turn: inout RouterTurn) {
        if removals.remove(id) != nil { return }
        guard id == activeRequest, let step = round?.upnp else { return }
        activeRequest = nil
        switch step {
        case .describing(let url, let others): described(answer, url, others, &turn)
        case .askingAddress(let connections): addressAnswered(answer, connections, &turn)
        case .adding(let adding): added(answer, adding, &turn)
        case .idle, .searching, .done, .failed: break
        }
    }

    private mutating func described(_ answer: HTTPAnswer?, _ url: DeviceURL, _ others: [DeviceURL], _ turn: inout RouterTurn) {
        var connections: [WANConnection] = []
        if let answer, answer.status == 200 { connections = (try? DeviceDescription.connections(in: answer.body, at: url)) ?? [] }
        if !connections.isEmpty {
            choose(.upnp, &turn)
            askAddress(connections, &turn)
        } else if let next = others.first {
            describe(next, others: Array(others.dropFirst()), &turn)
        } else {
            upnpFailed()
        }
    }

    /// Whether a connection is up is seen by whether it has an address.
    private mutating func askAddress(_ connections: [WANConnection], _ turn: inout RouterTurn) {
        guard let first = connections.first else { return upnpFailed() }
        round?.upnp = .askingAddress(connections)
        request(ConnectionAction.getExternalIPAddress.request(to: first), &turn)
    }

    private mutating func addressAnswered(_ answer: HTTPAnswer?, _ connections: [WANConnection], _ turn: inout RouterTurn) {
        if let connection = connections.first, let answer, case .done(let texts) = ConnectionAction.outcome(of: answer),
            let address = texts["NewExternalIPAddress"].flatMap({ IPAddress($0) }), address.family == .ipv4, !address.isUnspecified
        {
            add(wanted, connection, address, &turn)
        } else {
            round?.refusal = .refused(router, .upnp, reason: "it has no external address")
            askAddress(Array(connections.dropFirst()), &turn)
        }
    }

    // MARK: Ports

    private mutating func add(_ ports: [LocalPort], _ connection: WANConnection, _ address: IPAddress, _ turn: inout RouterTurn) {
        guard let port = ports.first else {
            let hasMapped = held.values.contains { $0.way == .upnp && $0.mappedAt >= round?.startedAt ?? turn.now }
            guard hasMapped else { return upnpFailed() }
            self.connection = connection
            round?.upnp = .done
            return
        }
        let others = (0..<PortMappingLimits.portCandidates).map { turn.identity.externalPort($0, for: port) }
        var candidates: [UInt16] = []
        for candidate in [held[port]?.external.port, port.number].compactMap({ $0 }) + others where !candidates.contains(candidate) {
            candidates.append(candidate)
        }
        let adding = RouterRound.Adding(
            connection: connection, address: address, port: port, others: Array(ports.dropFirst()),
            candidates: Array(candidates.prefix(PortMappingLimits.portCandidates)),
            leaseSeconds: hasNoLeases ? 0 : turn.configuration.lifetimeSeconds)
        tryToAdd(adding, &turn)
    }

    private mutating func tryToAdd(_ adding: RouterRound.Adding, _ turn: inout RouterTurn) {
        round?.upnp = .adding(adding)
        let action = ConnectionAction.addPortMapping(
            adding.port, external: adding.external, own: router.ownAddress, leaseSeconds: adding.leaseSeconds,
            description: turn.identity.description(of: adding.port))
        request(action.request(to: adding.connection), &turn)
    }

    private mutating func added(_ answer: HTTPAnswer?, _ adding: RouterRound.Adding, _ turn: inout RouterTurn) {
        // Who does not answer this request will not answer the next.
        guard let answer else { return add([], adding.connection, adding.address, &turn) }
        var next = adding
        switch ConnectionAction.outcome(of: answer) {
        case .done:
            let external = SocketAddress(adding.address, port: adding.external)
            let lifetime = adding.leaseSeconds == 0 ? nil : adding.leaseSeconds
            let asked = held[adding.port]?.external.port ?? adding.port.number
            hold(
                adding.port, HeldPort(way: .upnp, external: external, lifetimeSeconds: lifetime, mappedAt: turn.now), asked: asked, &turn)
            return add(adding.others, adding.connection, adding.address, &turn)
        case .refused(let code) where ConnectionFault.wantNoLease.contains(code) && adding.leaseSeconds > 0:
            next.leaseSeconds = 0
            if code == 725 { hasNoLeases = true }
            return tryToAdd(next, &turn)
        case .refused(let code) where ConnectionFault.wantAnotherPort.contains(code) && adding.candidates.count > 1:
            next.candidates.removeFirst()
            return tryToAdd(next, &turn)
        case .refused(let code): round?.refusal = .refused(router, .upnp, reason: "UPnP error \(code)")
        case .notUnderstood(let status): round?.refusal = .refused(router, .upnp, reason: "HTTP status \(status)")
        }
        add(adding.others, adding.connection, adding.address, &turn)
    }

    mutating func removeByUPnP(_ local: LocalPort, _ port: HeldPort, _ turn: inout RouterTurn) {
        guard let connection else { return }
        let id = turn.newRequest()
        removals.insert(id)
        let action = ConnectionAction.deletePortMapping(local.transport, external: port.external.port)
        turn.actions.append(.request(id, action.request(to: connection), to: router))
    }

    /// A connection that was known from before may have moved, as when the router has started again: then everything is tried anew, once.
    private mutating func upnpFailed() {
        activeRequest = nil
        guard connection != nil else {
            round?.upnp = .failed
            return ruleOut(.upnp)
        }
        connection = nil
        round?.upnp = .idle
        guard way == .upnp else { return }
        way = nil
        round?.isProbing = false
    }
}
