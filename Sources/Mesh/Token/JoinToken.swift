import Multiformats
import Secrets
import WireGuard

/// All that a node needs to join: the secret, what must be equal across the mesh, and where to find members. It never prints
/// itself; `text` is what is handed on.
package struct JoinToken: Hashable, Sendable, RedactedSecret {
    /// A member to start from.
    package struct Bootstrap: Hashable, Sendable {
        package let peer: PeerID
        /// Without the peer id.
        package let addresses: [Multiaddr]

        package init(peer: PeerID, addresses: [Multiaddr]) {
            self.peer = peer
            self.addresses = addresses.map(\.withoutPeerID)
        }
    }

    /// Longest token, in characters.
    package static let maximumLength = 4096
    package static let maximumBootstrapPeers = 8
    package static let maximumAddressesPerPeer = 8

    package let secret: MeshSecret
    package let overlay: OverlayRanges
    package let bootstrap: [Bootstrap]

    /// Peers and addresses beyond the limits are left out, the last ones first, and so is what makes the text too long.
    package init(secret: MeshSecret, overlay: OverlayRanges, bootstrap: [Bootstrap]) {
        self.secret = secret
        self.overlay = overlay
        var kept = bootstrap.prefix(Self.maximumBootstrapPeers).map { peer in
            Bootstrap(peer: peer.peer, addresses: Array(peer.addresses.prefix(Self.maximumAddressesPerPeer)))
        }
        while !kept.isEmpty, Self.text(of: Self.payload(secret, overlay, kept)).utf8.count > Self.maximumLength { kept.removeLast() }
        self.bootstrap = kept
    }

    /// The token itself, one line of lower-case letters and digits. Secret: it lets whoever has it in.
    package var text: String { Self.text(of: Self.payload(secret, overlay, bootstrap)) }
}

/// Why a text is no join token. Its description is for the user who pasted it.
package enum JoinTokenError: Error, Hashable, Sendable {
    case notAToken
    /// The digit after `weft`.
    case unknownVersion(Character)
    /// The checksum does not match, or a character that no token has is in it.
    case damaged
    case tooLong
    case missingSecret
    /// The checksum matches but the ranges are missing or impossible: made by a faulty program.
    case badOverlay
    /// As `badOverlay`, for the members to start from.
    case badBootstrap
}

extension JoinTokenError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notAToken: "this is not a join token: a token starts with \"weft1\""
        case .unknownVersion(let version): "this token is of version \(version), which this version of weft does not know; update weft"
        case .damaged: "the token is damaged: characters are missing or wrong; copy it again, all of it"
        case .tooLong: "this is too long for a join token (more than \(JoinToken.maximumLength) characters)"
        case .missingSecret: "the token contains no secret; make a new one with \"weft token\""
        case .badOverlay: "the token contains no usable address range; make a new one with \"weft token\""
        case .badBootstrap: "the token contains members that cannot be read; make a new one with \"weft token\""
        }
    }
}
