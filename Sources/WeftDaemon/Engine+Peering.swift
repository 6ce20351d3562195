import IPAddresses
import Logging
import LoopRuntime
import Mesh
import Multiformats
import PeerConnection
import PeerHost

/// How we dial, and what becomes of it.
extension Engine {
    func dial(_ target: Target, _ addresses: [Multiaddr]) {
        guard let host else { return }
        let expected: PeerID? = if case .peer(let peerID) = target { peerID } else { nil }
        Task(executorPreference: executor) {
            let result = await self.firstAnswer(host, addresses, expected)
            await self.post(.dialed(target, result))
        }
    }

    func firstAnswer(_ host: PeerHost, _ addresses: [Multiaddr], _ expected: PeerID?) async -> Result<PeerID, DialError> {
        do throws(DialError) {
            return .success(try await host.dial(addresses, expecting: expected))
        } catch {
            return .failure(error)
        }
    }

    /// Why a member is not connected; `nil` if it is, or answers now.
    func peeringProblem(of peer: PeerID, _ addresses: [Multiaddr]) async -> String? {
        guard connectedFrom[peer] == nil, let host else { return nil }
        switch await firstAnswer(host, addresses, peer) {
        case .success:
            post(.dialed(.peer(peer), .success(peer)))
            return nil
        case .failure(let error):
            return connectedFrom[peer] == nil ? error.advice : nil
        }
    }

    func dialed(_ target: Target, _ result: Result<PeerID, DialError>) {
        switch result {
        case .success(let peerID):
            joinProblems[target] = nil
            parts.metrics.count(.dial(.connected))
            decide(.dialed(target, connectedTo: peerID))
        case .failure(.isOwnAddress):
            decide(.dialedOurselves(target))
        case .failure(let error):
            parts.metrics.count(.dial(.failed))
            noteFailure(target, error)
            decide(.dialFailed(target))
        }
    }

    /// Whoever waits to join is told why it does not work; a member that is away is normal.
    private func noteFailure(_ target: Target, _ error: DialError) {
        let reason = error.advice
        let fields: Logger.Metadata = ["target": "\(target.label)", "reason": "\(reason)"]
        guard connectedFrom.isEmpty else { return parts.log.debug("peer not reached", metadata: fields) }
        guard joinProblems[target] != reason else { return parts.log.debug("still cannot join", metadata: fields) }
        joinProblems[target] = reason
        parts.log.warning("cannot join, will keep trying", metadata: fields)
    }

    /// Whoever knocks can do so often: told once for each address, and for so many.
    func noteRefusal(_ remote: IPAddress?, _ failure: ConnectionFailure) {
        let isNews = refusedRemotes.count < Self.maximumRefusedRemotes && refusedRemotes.insert(remote).inserted
        parts.log.log(
            level: isNews ? .info : .debug, "connection refused",
            metadata: ["remote": "\(remote.map(String.init) ?? "-")", "reason": "\(failure)"])
    }

    static let maximumRefusedRemotes = 256
}
