import IPAddresses
import Multiformats
import Testing
import Timeline
import WeftTestKit

@testable import AutoNAT

func peer(_ byte: UInt8) throws -> PeerID { try Identity(seed: [UInt8](repeating: byte, count: 32)).peerID }

func ip(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

func at(_ text: String) throws -> SocketAddress { try #require(SocketAddress(text)) }

func tcp(_ text: String) throws -> Multiaddr { Multiaddr(tcp: try at(text)) }

/// What a client sends.
func wish(_ peer: PeerID, _ addresses: [Multiaddr]) -> [UInt8] {
    AutoNATMessage.dial(DialRequest(peer: peer, addresses: addresses)).encoded
}

func reply(_ status: DialResponse.Status, _ address: Multiaddr? = nil) -> [UInt8] {
    AutoNATMessage.response(DialResponse(status, address: address)).encoded
}
