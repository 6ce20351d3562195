import GossipSub
import IPAddresses
import Multiformats
import NIOCore
import PeerConnection
import Timeline

/// How connections live and end.
extension PeerHost {
    func linkStarted(_ id: LinkID) {
        guard let actions = links[id]?.machine.start() else { return }
        carryOut(actions, on: id)
        links[id]?.timer.set(links[id]?.machine.nextDeadline)
    }

    func feed(_ input: PeerConnection.Input, to id: LinkID) {
        guard let actions = links[id]?.machine.handle(input, now: .now()) else { return }
        carryOut(actions, on: id)
        links[id]?.timer.set(links[id]?.machine.nextDeadline)
        countHeldBytes(of: id)
        tellOfRoom(on: id)
    }

    private func countHeldBytes(of id: LinkID) {
        guard let link = links[id] else { return }
        let held = link.machine.heldBytes
        heldBytes += held - link.heldBytes
        links[id]?.heldBytes = held
        while heldBytes > configuration.limits.maximumHeldBytes,
            let worst = links.max(by: { ($0.value.heldBytes, $0.key) < ($1.value.heldBytes, $1.key) })
        {
            end(worst.key, .tooCostly)
        }
    }

    private func carryOut(_ actions: [PeerConnection.Action], on id: LinkID) {
        guard !actions.isEmpty, let channel = links[id]?.channel else { return }
        var wrote = false
        for case .write(let bytes) in actions {
            channel.write(channel.allocator.buffer(bytes: bytes), promise: nil)
            wrote = true
        }
        if wrote { channel.flush() }
        // Writing may have found the transport gone: then the link has ended, and what follows is of no connection.
        for action in actions where links[id] != nil { react(to: action, on: id) }
    }

    private func react(to action: PeerConnection.Action, on id: LinkID) {
        switch action {
        case .write:
            break  // written above, all before one flush
        case .established(let peer):
            if mayBeDialBack(id) { autoNATState?.visitors[id] = .init() } else { established(id, peer) }
        case .identified(let description):
            identified(id, description)
        case .canSend(let messageProtocol, let protocolID):
            admit(id)
            links[id]?.sendable[messageProtocol] = protocolID
            if messageProtocol == Self.pubsub { useForGossip(id) }
        case .cannotSend(let messageProtocol):
            links[id]?.sendable[messageProtocol] = nil
            if messageProtocol == Self.pubsub, let peer = links[id]?.peer { loseForGossip(id, of: peer) }
        case .message(Self.pubsub, let frame):
            admit(id)
            if let peer = links[id]?.peer { route(.received(from: peer, frame)) }
        case .message(let messageProtocol, let frame):
            admit(id)
            if let peer = links[id]?.peer { emit(.message(from: peer, messageProtocol, frame)) }
        case .request(let requestProtocol, let request, let bytes):
            admit(id)
            asked(id, requestProtocol, request, bytes)
        case .answered(let question, let result):
            answered(question, result)
        case .close(let failure):
            end(id, failure)
        }
    }

    func established(_ id: LinkID, _ peer: PeerID) {
        guard peer != peerID else { return end(id, .closed, dial: .isOwnAddress) }
        endStale(of: peer, before: id)
        links[id]?.establishedAt = .now()
        let isFirst = peers[peer] == nil
        peers[peer, default: []].append(id)
        if let dial = links[id]?.dial { upgraded(dial, .success(peer)) }
        links[id]?.dial = nil
        if let remote = links[id]?.remote { route(.located(peer, remote)) }
        if isFirst { emit(.connected(peer, remote: links[id]?.remote)) }
        dropDuplicates(of: peer)
        if !isFirst, linkOfEachAddress(of: peer).count > 1 { emit(.pathsChanged(peer)) }
    }

    func identified(_ id: LinkID, _ description: PeerDescription) {
        guard let peer = links[id]?.peer else { return }
        guard autoNATState?.visitors[id] == nil else {
            autoNATState?.visitors[id]?.description = description
            return
        }
        if let record = description.signedPeerRecord { route(.certified(peer, signedPeerRecord: record)) }
        emit(.identified(peer, description))
        noteWitness(peer, description, on: id)
    }

    /// The oldest connection from each address that the peer is at: of more than one address for more than a moment if it is two machines
    /// with one identity.
    func linkOfEachAddress(of peer: PeerID) -> [LinkID] {
        var addresses: Set<IPAddress?> = []
        return (peers[peer] ?? []).filter { addresses.insert(links[$0]?.remote).inserted }
    }

    /// Nobody dials a peer that it is connected to: older connections are dead, even if our kernel has not found out. Dials that crossed
    /// are no such case, unless the peer has another address now; nor are machines with a copied identity, which are at two.
    private func endStale(of peer: PeerID, before new: LinkID) {
        let (now, remote) = (Instant.now(), links[new]?.remote)
        let isCopied = remote.map { moves.isBack(peer, at: $0, now: now) } ?? false
        for id in peers[peer] ?? [] {
            guard let link = links[id], let since = link.establishedAt else { continue }
            let hasMoved = hasMoved(from: link.remote, to: remote)
            guard hasMoved ? !isCopied : since + configuration.limits.crossingDials < now else { continue }
            if hasMoved, let address = link.remote { moves.note(peer, leaving: address, now: now) }
            end(id, .goodbye)
        }
    }

    private func hasMoved(from old: IPAddress?, to new: IPAddress?) -> Bool {
        guard let old, let new else { return false }
        return old != new && old.family == new.family
    }

    /// Of several connections to one peer one is kept: of those that both have dialled, the one that the lower peer id did; of
    /// those that one side has dialled, the newest. Who dialled a superfluous one closes it, so both never close different ones.
    private func dropDuplicates(of peer: PeerID) {
        let standing = peers[peer] ?? []
        guard standing.count > 1 else { return }
        let preferredRole: PeerConnection.Role = peerID < peer ? .dialer : .listener
        let kept = standing.last { links[$0]?.machine.role == preferredRole } ?? standing.last
        for id in standing where id != kept && links[id]?.machine.role == .dialer { sayGoodbye(to: id) }
    }

    // MARK: Publish-subscribe on one of a peer's connections

    private func useForGossip(_ id: LinkID) {
        guard let link = links[id], let peer = link.peer, let protocolID = link.sendable[Self.pubsub], gossipLinks[peer] == nil,
            let version = PeerVersion(rawValue: protocolID)
        else { return }
        gossipLinks[peer] = id
        route(.peerConnected(peer, version, isOutbound: link.machine.role == .dialer))
    }

    /// Goes over to another connection of the peer, if there is one; the router then tells it everything anew. The router forgets
    /// the peer only with its last connection: as long as one stands, what the peer has told by it holds.
    private func loseForGossip(_ id: LinkID, of peer: PeerID) {
        guard gossipLinks[peer] == id else { return }
        gossipLinks[peer] = nil
        for other in peers[peer] ?? [] where other != id { useForGossip(other) }
    }

    // MARK: Ends

    func writabilityChanged(of id: LinkID, isWritable: Bool) {
        links[id]?.stallTimer.set(isWritable ? nil : .now() + configuration.limits.stalledWriteTimeout)
        feed(.transportWritable(isWritable), to: id)
    }

    /// The transport has ended.
    func linkEnded(_ id: LinkID) {
        guard let link = links[id] else { return }
        end(id, link.peer == nil ? .closedDuringUpgrade : link.machine.peerSaidGoodbye ? .goodbye : .closed)
    }

    func sayGoodbye(to id: LinkID) {
        feed(.goAway, to: id)
        end(id, .goodbye)
    }

    /// Closes a connection and tells whoever has to know. Nothing happens for one that is gone.
    func end(_ id: LinkID, _ failure: ConnectionFailure, dial error: DialError? = nil) {
        guard let link = links[id] else { return }
        let peer = peers.first { $0.value.contains(id) }?.key
        let carriedMessages = peer.map { linkOfEachAddress(of: $0).contains(id) } ?? false
        let isDialBack = mayBeDialBack(id, endingBy: failure)
        links[id] = nil
        heldBytes -= link.heldBytes
        link.timer.set(nil)
        link.stallTimer.set(nil)
        link.channel.close(promise: nil)
        for (_, waiting) in link.waitingForRoom { waiting.resume() }
        if let dial = link.dial { upgraded(dial, .failure(error ?? .failed(failure))) }
        let wasVisitor = autoNATState?.visitors.removeValue(forKey: id) != nil
        endQuestions(on: id)
        guard let peer else {
            if link.machine.role == .listener, !wasVisitor, !isDialBack { emit(.refused(remote: link.remote, failure)) }
            return
        }
        peers[peer]?.removeAll { $0 == id }
        loseForGossip(id, of: peer)
        guard peers[peer]?.isEmpty == true else {
            if carriedMessages { emit(.pathsChanged(peer)) }
            return
        }
        peers[peer] = nil
        noteWitness(peer, nil, on: id)
        route(.peerDisconnected(peer))
        emit(.disconnected(peer, failure))
    }
}
