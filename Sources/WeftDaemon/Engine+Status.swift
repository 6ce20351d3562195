import IPAddresses
import LocalAPI
import LoopRuntime
import Mesh
import Multiformats
import WireGuard

/// What the commands ask for.
extension Engine {
    func status() async -> StatusReport {
        settling.ask()
        let device = await parts.network.observe()
        await parts.network.check()  // nothing tells of peers that somebody removed, so whoever looks has it put right
        let implementation = await parts.network.implementation
        let problem = await parts.network.problem
        let roundTrips = await roundTripTimes()
        let own = membership.own?.record
        let claims = membership.claims
        let names = claims.shownNames()
        let node = StatusReport.Node(
            name: (names[parts.identity.peerID] ?? parts.settings.name).text, peerID: parts.identity.peerID.description,
            interface: parts.settings.interface,
            wireguard: implementation, addresses: own.map { claims.labels(of: $0.peer) } ?? [],
            overlay: parts.token.overlay.prefixes.map(\.description),
            mesh: parts.token.secret.fingerprint, peeringPort: Int(parts.settings.clusterPort),
            wireguardPort: Int(parts.settings.wireguardPort),
            uptimeSeconds: Int(startedAt.duration(to: .now()).wholeSeconds), problems: [problem].compactMap { $0 } + joinComplaints,
            reachability: natStatus.rawValue)
        let members = membership.live.map { member in
            describe(member.record, names[member.record.peer], claims.labels(of: member.record.peer), device, roundTrips)
        }
        return StatusReport(node: node, members: members.sorted { ($0.name, $0.peerID) < ($1.name, $1.peerID) })
    }

    /// How a member is reached.
    ///
    /// - Parameter name: as the status shows it, or a peer id.
    func ping(_ name: String) async -> LocalResponse {
        guard let peer = peer(called: name), let record = membership[peer]?.record else {
            return LocalResponse(error: ForgetObstacle.unknown.advice(name))
        }
        guard peer != parts.identity.peerID else { return LocalResponse(error: "\(name) is this node") }
        let problem = await peeringProblem(of: peer, record.peeringAddresses)
        guard let member = await status().members.first(where: { $0.peerID == peer.description }) else {
            return LocalResponse(error: ForgetObstacle.unknown.advice(name))
        }
        return LocalResponse(
            ping: PingReport(member: member, peeringPort: Int(parts.settings.clusterPort), peeringProblem: problem))
    }

    private func peer(called name: String) -> PeerID? {
        membership.claims.shownNames().first { $0.value.text == name || $0.key.description == name }?.key
    }

    /// A token for the next node: the mesh's secret, and this node and others to join by.
    func joinToken() -> JoinToken {
        let own = JoinToken.Bootstrap(peer: parts.identity.peerID, addresses: reachability().peering)
        let others = membership.live.filter { $0.record.peer != parts.identity.peerID && !$0.record.peeringAddresses.isEmpty }
            .map { JoinToken.Bootstrap(peer: $0.record.peer, addresses: $0.record.peeringAddresses) }
        return JoinToken(secret: parts.token.secret, overlay: parts.token.overlay, bootstrap: [own] + others.prefix(Self.tokenCompanions))
    }

    /// Other members named in a token, so that it works while this node is away; few, so that it stays short.
    static let tokenCompanions = 2

    /// Makes all members forget one that is gone for good; if nobody has missed it yet, looks for it.
    ///
    /// - Parameter name: as the status shows it, or a peer id.
    /// - Returns: why it is not forgotten, for the user.
    func forget(_ name: String) -> String? {
        guard let peer = peer(called: name) else { return ForgetObstacle.unknown.advice(name) }
        let obstacle = obstacle(toForgetting: peer)
        post(.forget(peer))
        return obstacle?.advice(name)
    }

    private var joinComplaints: [String] {
        joinProblems.map { "cannot join by \($0.key.label): \($0.value)" }.sorted()
    }

    private func roundTripTimes() async -> [PeerID: Duration] {
        guard let host else { return [:] }
        var times: [PeerID: Duration] = [:]
        for peer in connectedFrom.keys { times[peer] = await host.roundTripTime(to: peer) }
        return times
    }

    private func state(of peer: PeerID) -> StatusReport.Member.State {
        if peer == parts.identity.peerID { return .itself }
        if connectedFrom[peer] != nil { return .connected }
        return membership[peer]?.isReportedUnreachable == true ? .unreachable : .known
    }

    private func describe(
        _ record: NodeRecord, _ shownName: NodeName?, _ addresses: [String], _ device: DeviceState?, _ roundTrips: [PeerID: Duration]
    ) -> StatusReport.Member {
        let peer = device?.peers[record.wireguardKey]
        let now = Int64(WallClock.milliseconds() / 1000)
        return StatusReport.Member(
            name: (shownName ?? record.name).text, peerID: record.peer.description, addresses: addresses,
            state: state(of: record.peer),
            endpoint: peer?.endpoint?.description, lastHandshakeSecondsAgo: peer?.lastHandshake.map { Int(max(0, now - $0)) },
            receivedBytes: peer?.receivedBytes ?? 0, sentBytes: peer?.sentBytes ?? 0,
            roundTripMillis: roundTrips[record.peer].map { Double($0.saturatedNanoseconds) / 1_000_000 }, software: record.software)
    }
}

extension Claims {
    /// The addresses that the peer has, as they are shown.
    fileprivate func labels(of peer: PeerID) -> [String] { addresses(of: peer).sorted().map(\.description) }
}
