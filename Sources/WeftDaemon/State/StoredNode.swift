import Mesh
import Multiformats

/// What a state folder holds, and what starting over would lose.
package enum StoredNode: Sendable {
    /// `mesh` is the fingerprint of its mesh's secret; `nil` if it has left.
    case node(PeerID, mesh: String?, otherMembers: Int)
    case unreadable(DaemonError)

    /// `nil` if there is nothing to lose.
    ///
    /// - Throws: `DaemonError.stateDirectoryInUse` while a node runs with it, or when the folder cannot be used.
    package static func find(in path: String) throws(DaemonError) -> StoredNode? {
        guard StateDirectory.isThere(path) else { return nil }
        let directory = try StateDirectory(path: path)
        do throws(DaemonError) {
            guard let state = try directory.loadState()?.state else { return nil }
            let members = try directory.loadMembers().map { MeshSnapshot(decoding: $0.bytes, elapsed: .zero).records } ?? []
            let others = members.count { $0.sealed.record.peer != state.identity.peerID && !$0.sealed.record.hasLeft }
            return .node(state.identity.peerID, mesh: state.mesh?.secret.fingerprint, otherMembers: others)
        } catch {
            return .unreadable(error)
        }
    }
}

extension StoredNode: CustomStringConvertible {
    package var description: String {
        switch self {
        case .node(let peer, let mesh?, let others):
            "node \(peer) in mesh \(mesh), which knows \(others == 1 ? "1 other member" : "\(others) other members")"
        case .node(let peer, nil, _): "node \(peer), in no mesh"
        case .unreadable(let error): "a node that cannot be read (\(error))"
        }
    }
}
