import FoundationEssentials
import Settings

/// `/var/lib/wesher/INTERFACE.json`, as `wesher` writes it: the cluster's key, and the nodes that it knew last.
enum WesherState {
    private struct State: Decodable {
        let key: String?
        let nodes: [Node]?

        enum CodingKeys: String, CodingKey {
            case key = "ClusterKey"
            case nodes = "Nodes"
        }
    }

    private struct Node: Decodable {
        let address: String?

        enum CodingKeys: String, CodingKey {
            case address = "Addr"
        }
    }

    static func read(_ bytes: [UInt8]) throws(AncestorFileError) -> InheritedSettings {
        guard let state = try? JSONDecoder().decode(State.self, from: Data(bytes)), let key = state.key, !key.isEmpty else {
            throw .noWesherState
        }
        var inherited = InheritedSettings(program: "wesher")
        inherited.entries.append(.init(.clusterKey, key))
        let hosts = (state.nodes ?? []).compactMap(\.address).filter { !$0.isEmpty }
        if !hosts.isEmpty { inherited.entries.append(.init(.join, Array(hosts.prefix(AncestorFile.maximumHosts)))) }
        inherited.remarks = [
            "the state holds no flags of wesher's: --overlay-net, --interface and ports have to be said again, and weft reads WESHER_… too",
            "a node keeps its overlay address with wesher's range: overlay-net: [10.0.0.0/8] unless another was given, once wesher has ended",
        ]
        return inherited
    }
}
