import IPAddresses
import Multiformats

/// Why a node gets no overlay address.
package enum AddressingError: Error, Hashable, Sendable {
    /// Every usable address of the range is taken.
    case rangeFull(IPPrefix)
}

/// Which overlay address a node takes: a rule that needs nobody's permission and seldom makes two nodes meet.
package enum OverlayAddressing {
    /// How many addresses are hashed from name, peer id and a counter before the range is searched one by one.
    static let hashedAttempts: UInt8 = 16
    /// How many addresses the search looks at: all of a /16 and, in a wider range, more than a mesh can have taken.
    static let maximumProbes = 1 << 16

    /// The first candidate that is usable and not taken:
    ///
    /// 1. the ancestors' rule, so that a node that moves over from them keeps its address;
    /// 2. hashes that also depend on the peer id, so that nodes of one name part ways;
    /// 3. every address of the range in turn, so that a small range can be filled to the last one.
    package static func assignAddress(
        name: NodeName, peer: PeerID, in range: IPPrefix, isTaken: (IPAddress) -> Bool
    ) throws(AddressingError) -> IPAddress {
        func isFree(_ address: IPAddress) -> Bool { range.isHost(address) && !isTaken(address) }

        let byName = ancestralAddress(of: name, in: range)
        if isFree(byName) { return byName }
        for attempt in 0..<hashedAttempts {
            let candidate = hashedAddress(name: name, peer: peer, attempt: attempt, in: range)
            if isFree(candidate) { return candidate }
        }
        let start = hashedAddress(name: name, peer: peer, attempt: hashedAttempts, in: range).value
        for step in 0..<min(UInt128(maximumProbes), range.hostMask) &+ 1 {
            let candidate = range.address(host: start &+ step)
            if isFree(candidate) { return candidate }
        }
        throw .rangeFull(range)
    }

    /// What `wesher` and `w2wesher` do: the last *whole* bytes that the range leaves to hosts come from the end of the hash of the name.
    static func ancestralAddress(of name: NodeName, in range: IPPrefix) -> IPAddress {
        let wholeBytes = range.hostBits / 8
        let mask = wholeBytes == 16 ? UInt128.max : (1 << UInt128(wholeBytes * 8)) - 1
        return range.address(host: FNV1a128.hash(name.text.utf8) & mask)
    }

    private static func hashedAddress(name: NodeName, peer: PeerID, attempt: UInt8, in range: IPPrefix) -> IPAddress {
        let hash = FNV1a128.hash(Array(name.text.utf8) + [0] + peer.bytes + [attempt])
        // The low bits of FNV depend on the low bits of its input alone: mix the high half in.
        return range.address(host: hash ^ hash >> 64)
    }
}

extension IPPrefix {
    /// The address of this network whose host bits are those of `host`; the others do not count.
    func address(host: UInt128) -> IPAddress {
        IPAddress(family: family, value: network.address.value | host & hostMask)
    }
}
