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
            var result: Result<PeerID, DialError> = .failure(.unreachable(reason: "it has told no address"))
            for address in addresses {
                do throws(DialError) {
                    result = .success(try await host.dial(address, expecting: expected))
                } catch {
                    result = .failure(error)
                }
                if case .success = result { break }
            }
            await self.post(.dialed(target, result))
        }
    }

    func dialed(_ target: Target, _ result: Result<PeerID, DialError>) {
        switch result {
        case .success(let peerID):
            joinProblems[target] = nil
            decide(.dialed(target, connectedTo: peerID))
        case .failure(.isOwnAddress):
            decide(.dialedOurselves(target))
        case .failure(let error):
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
