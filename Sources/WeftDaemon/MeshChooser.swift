import IPAddresses
import Mesh

/// Settles which mesh the node is in, from what the user said and what is stored. Pure.
struct MeshChooser {
    struct Choice {
        var token: JoinToken
        /// The mesh was made just now: nobody else is in it.
        var isNew: Bool
        /// What is stored of members belongs to another mesh.
        var forgetsMembers: Bool
    }

    let settings: DaemonSettings
    let stored: JoinToken?
    /// For a mesh that is to be made.
    let freshSecret: MeshSecret

    /// - Parameter routed: the networks that the machine routes, the mesh's own interface left aside.
    func choose(routed: [IPPrefix]) throws(DaemonError) -> Choice {
        let stored = settings.startsOver ? nil : self.stored
        var choice: Choice
        switch settings.mesh {
        case .token(let token): choice = try join(token, stored)
        case .secret(let secret): choice = try join(secret, stored)
        case .storedOrNew: choice = if let stored { resume(stored) } else { try create(avoiding: routed) }
        }
        choice.forgetsMembers = choice.token.secret != self.stored?.secret
        guard let conflict = choice.token.overlay.conflicts(with: routed).first else { return choice }
        throw .overlayOverlapsRoute(range: conflict.range, route: conflict.route)
    }

    private func join(_ token: JoinToken, _ stored: JoinToken?) throws(DaemonError) -> Choice {
        try refuseOtherMesh(stored, token.secret)
        if let wanted = settings.overlay, wanted != token.overlay {
            throw .overlayDiffers(token: token.overlay.description, setting: wanted.description)
        }
        return Choice(token: token, isNew: false, forgetsMembers: false)
    }

    private func join(_ secret: MeshSecret, _ stored: JoinToken?) throws(DaemonError) -> Choice {
        try refuseOtherMesh(stored, secret)
        let overlay = settings.overlay ?? stored?.overlay ?? secret.defaultOverlay(attempt: 0)
        let token = JoinToken(secret: secret, overlay: overlay, bootstrap: stored?.bootstrap ?? [])
        return Choice(token: token, isNew: false, forgetsMembers: false)
    }

    private func resume(_ stored: JoinToken) -> Choice {
        let overlay = settings.overlay ?? stored.overlay
        return Choice(
            token: JoinToken(secret: stored.secret, overlay: overlay, bootstrap: stored.bootstrap), isNew: false, forgetsMembers: false)
    }

    private func create(avoiding routes: [IPPrefix]) throws(DaemonError) -> Choice {
        guard settings.joinHosts.isEmpty else { throw .joinWithoutSecret }
        guard let overlay = settings.overlay ?? freshSecret.defaultOverlay(avoiding: routes) else { throw .noFreeOverlay }
        return Choice(token: JoinToken(secret: freshSecret, overlay: overlay, bootstrap: []), isNew: true, forgetsMembers: false)
    }

    private func refuseOtherMesh(_ stored: JoinToken?, _ secret: MeshSecret) throws(DaemonError) {
        guard let stored, stored.secret != secret else { return }
        throw .otherMesh(stored: stored.secret.fingerprint, given: secret.fingerprint)
    }
}
