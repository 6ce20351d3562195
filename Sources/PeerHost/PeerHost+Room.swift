import Multiformats
import PeerConnection

/// For those who send in bulk: `send` takes what it is given, and a connection whose queue is over its bound is ended.
extension PeerHost {
    /// Bytes of one protocol that may wait on a connection for `hasRoom` to be over.
    package static let roomBytes = 1 << 20

    /// Returns when no more than `roomBytes` of what was sent to the peer by this protocol wait for it to read, or when it is gone.
    package func hasRoom(for messageProtocol: MessageProtocol, to peer: PeerID) async {
        for id in linkOfEachAddress(of: peer) where !(links[id]?.hasRoom(for: messageProtocol) ?? true) {
            await withCheckedContinuation { links[id]?.waitingForRoom.append((messageProtocol, $0)) }
        }
    }

    func tellOfRoom(on id: LinkID) {
        guard let link = links[id], !link.waitingForRoom.isEmpty else { return }
        links[id]?.waitingForRoom.removeAll { link.hasRoom(for: $0.0) }
        for (messageProtocol, waiting) in link.waitingForRoom where link.hasRoom(for: messageProtocol) { waiting.resume() }
    }
}

extension Link {
    func hasRoom(for messageProtocol: MessageProtocol) -> Bool {
        machine.queuedBytes(of: messageProtocol) <= PeerHost.roomBytes
    }
}
