import AutoNAT
import IPAddresses
import LoopRuntime
import Multiformats
import PeerConnection
import Timeline

/// Whether others can dial this host, and whether it can dial them (libp2p autonat/autonat-v1.md).
extension PeerHost {
    /// Both sides keep an answer waiting for as long as a dial may take, and somewhat longer.
    static let autoNAT = RequestProtocol(
        AutoNATMessage.protocolID, maximumRequestBytes: AutoNATMessage.maximumByteCount,
        maximumResponseBytes: AutoNATMessage.maximumByteCount, timeout: .seconds(30), maximumOpenRequests: 4)

    struct AutoNATState {
        var server: DialBackServer<IncomingRequest>
        var client: DialBackClient<SystemRandomNumberGenerator>
        var timer: LoopTimer?
        /// Connections that came from where a peer is whom we have asked to dial us back: they may be just that, and end at once.
        var visitors: [LinkID: Visitor] = [:]

        init(_ configuration: AutoNATConfiguration, peer: PeerID) {
            server = DialBackServer(configuration)
            client = DialBackClient(configuration, peer: peer, generator: SystemRandomNumberGenerator())
        }
    }

    struct Visitor {
        /// What he has said of himself meanwhile.
        var description: PeerDescription?
    }

    /// Has peers tell whether this host can be dialled, from now on and whenever the place changes. What is found out is an event.
    package func checkReachability(at place: OwnPlace) {
        feedClient(.place(place))
    }

    private func feedClient(_ input: DialBackClient<SystemRandomNumberGenerator>.Input) {
        guard let actions = autoNATState?.client.handle(input, now: .now()) else { return }
        for action in actions {
            switch action {
            case .statusChanged(let status): emit(.reachability(status))
            case .ask(let peer, let request): ask(peer, request)
            }
        }
        setAutoNATTimer()
    }

    private func ask(_ peer: PeerID, _ request: [UInt8]) {
        ask(request, by: Self.autoNAT, of: peer) { result in
            self.assumeIsolated { host in
                host.feedClient(.answered(result.mapError { $0 == .failed(.unsupported) ? .unsupported : .failed }))
                for visitor in host.autoNATState?.visitors.keys.sorted() ?? [] { host.admit(visitor) }
            }
        }
    }

    private func feedServer(_ input: DialBackServer<IncomingRequest>.Input) {
        guard let actions = autoNATState?.server.handle(input, now: .now()) else { return }
        for action in actions {
            switch action {
            case .answer(let request, let response): answer(request, with: response)
            case .dial(let request, let peer, let addresses): dialBack(request, peer, addresses)
            }
        }
        setAutoNATTimer()
    }

    private func dialBack(_ request: IncomingRequest, _ peer: PeerID, _ addresses: [IPAddresses.SocketAddress]) {
        var random = SystemRandomNumberGenerator()
        let seed = (0..<Identity.seedLength).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        guard let identity = try? Identity(seed: seed), let limit = configuration.autoNAT?.dialTimeout else {
            return feedServer(.dialed(request, nil))
        }
        let nobody = ConnectionConfiguration(
            identity: identity, networkKey: configuration.networkKey, messageProtocols: [], agentVersion: configuration.agentVersion)
        _ = DialBack(to: addresses, of: peer, as: nobody, within: limit, on: eventLoop) { address in
            self.assumeIsolated { $0.feedServer(.dialed(request, address)) }
        }
    }

    private func setAutoNATTimer() {
        guard let state = autoNATState else { return }
        let timer = state.timer ?? LoopTimer(eventLoop: eventLoop) { self.assumeIsolated { $0.autoNATDeadline() } }
        autoNATState?.timer = timer
        timer.set(earliest(state.server.nextDeadline, state.client.nextDeadline))
    }

    private func autoNATDeadline() {
        feedServer(.deadlineReached)
        feedClient(.deadlineReached)
    }

    // MARK: What connections have to do with it

    /// A peer asks to be dialled back.
    func dialBack(_ request: IncomingRequest) {
        feedServer(.asked(request, by: request.peer, from: request.remote, message: request.bytes))
    }

    /// A peer has described itself, or is gone.
    func noteWitness(_ peer: PeerID, _ description: PeerDescription?, on link: LinkID) {
        guard autoNATState != nil else { return }
        let witness = description.flatMap { description -> Witness? in
            guard description.protocols.contains(AutoNATMessage.protocolID), let remote = links[link]?.remote else { return nil }
            return Witness(remote: remote, observed: description.observedAddress?.tcpSocketAddress?.address.unmapped)
        }
        feedClient(.peer(peer, witness))
    }

    /// Whether a connection that came in may be the dial-back that we have asked for.
    func mayBeDialBack(_ id: LinkID) -> Bool {
        guard let asked = autoNATState?.client.askedPeer, let link = links[id], link.machine.role == .listener, let remote = link.remote
        else { return false }
        return (peers[asked] ?? []).contains { links[$0]?.remote == remote }
    }

    /// The same of one that ends: a dial-back is closed without a word, maybe before we could look at it.
    func mayBeDialBack(_ id: LinkID, endingBy failure: ConnectionFailure) -> Bool {
        [.closedDuringUpgrade, .closed, .goodbye].contains(failure) && mayBeDialBack(id)
    }

    /// Lets a visitor be a peer like others: he has something to say, or has stayed.
    func admit(_ id: LinkID) {
        guard let visitor = autoNATState?.visitors.removeValue(forKey: id), let peer = links[id]?.peer else { return }
        established(id, peer)
        if let description = visitor.description { identified(id, description) }
    }
}
