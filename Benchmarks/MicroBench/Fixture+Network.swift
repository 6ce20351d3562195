import IPAddresses
import Mesh
import NetlinkCodec
import WireGuard

/// From the membership to the kernel, in a mesh of a thousand.
extension Fixture {
    static func network() throws -> [Benchmark] {
        let membership = try membership(of: sealedRecords())
        let facts = LocalFacts(
            interface: "weft0", privateKey: try some(WireGuardPrivateKey(bytes: bytes(0, 6))),
            listenPort: 10042, mtu: 1420)
        let noKeys = PresharedKeys(secret: try some(MeshSecret(bytes: bytes(0, 7))), ownKey: try some(membership.own).record.wireguardKey)
        var keys = noKeys
        let wanted = try some(desired(membership, facts: facts, &keys))
        let allKeys = keys
        let settled = observed(wanted)
        let fromNothing = plan(desired: wanted, observed: ObservedNetwork(), nowUnixSeconds: 0)
        let changes = fromNothing.changes.flatMap { if case .device(let changes) = $0 { changes } else { [DeviceChange]() } }
        return [
            Benchmark("desired network of 1,000 new members") {
                var keys = noKeys
                return desired(membership, facts: facts, &keys)?.peers.count ?? .min
            },
            Benchmark("desired network of 1,000 members, their keys known") {
                var keys = allKeys
                return desired(membership, facts: facts, &keys)?.peers.count ?? .min
            },
            Benchmark("plan for 1,000 members, nothing to do") {
                plan(desired: wanted, observed: settled, nowUnixSeconds: 0).isEmpty ? 1 : .min
            },
            Benchmark("plan for 1,000 members, from nothing") {
                plan(desired: wanted, observed: ObservedNetwork(), nowUnixSeconds: 0).changes.count
            },
            Benchmark("netlink: encode a device with 1,000 peers") {
                WireGuardBatches.requests(for: changes, family: GenericFamily(rawValue: 31), index: InterfaceIndex(rawValue: 3))
                    .map { $0.encoded(sequence: 1, portID: 2).count }.reduce(0, +)
            },
        ]
    }

    /// What a kernel says that has all that is wanted.
    private static func observed(_ wanted: DesiredNetwork) -> ObservedNetwork {
        let peers = wanted.peers.mapValues {
            PeerState(
                presharedKey: $0.presharedKey, endpoint: $0.endpoint, allowedIPs: $0.allowedIPs, keepaliveSeconds: $0.keepaliveSeconds)
        }
        return ObservedNetwork(
            link: ObservedNetwork.Link(mtu: wanted.mtu, isUp: true), addresses: Set(wanted.addresses),
            routes: Set(wanted.routes.map { ObservedNetwork.Route($0) }),
            device: DeviceState(publicKey: wanted.publicKey, listenPort: wanted.listenPort, peers: peers))
    }
}
