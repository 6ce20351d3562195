import Crypto
import IPAddresses
import Logging
import PortMapping
import RouterPorts

/// What routers forward to this node.
extension Engine {
    func makePortMapper() -> PortMapper? {
        guard parts.settings.mapsPorts else { return nil }
        // The same after each start: so a node that was killed has its ports again.
        let secret = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: parts.identity.seed), info: Array("weft-port-mapping-1".utf8), outputByteCount: 32)
        guard let identity = PortMappingIdentity(secret: secret.withUnsafeBytes { Array($0) }, name: parts.settings.name.text) else {
            return nil
        }
        return PortMapper(
            executor: executor, identity: identity,
            onChange: { [weak self] mapped in self?.assumeIsolated { $0.use(mapped) } },
            onNote: { [log = parts.log] note in log.log(level: note.level, note.message, metadata: note.metadata) })
    }

    /// Asks the routers that there are now.
    func mapPorts() {
        let ports = [LocalPort(.tcp, parts.settings.clusterPort), LocalPort(.udp, parts.settings.wireguardPort)].compactMap { $0 }
        let routers = surroundings.routers(boundTo: parts.settings.bindAddress)
        portMapper?.assumeIsolated {
            $0.want(ports: ports, routers: routers)
            $0.recheck()
        }
    }

    private func use(_ mapped: [MappedPort]) {
        mappedPorts = mapped.filter(\.isPublic)
        post(.reachabilityChanged)
    }

    /// Where the world finds one of our ports.
    func forwarded(_ transport: TransportProtocol, _ port: UInt16) -> [SocketAddress] {
        mappedPorts.filter { $0.local == LocalPort(transport, port) }.map(\.external).uniqued()
    }
}

extension PortMappingNote {
    fileprivate var level: Logger.Level {
        switch self {
        case .mapped, .restarted: .info
        case .notPublic, .refused, .expired: .warning
        case .anotherPort, .noAnswer: .debug
        }
    }

    fileprivate var message: Logger.Message {
        switch self {
        case .mapped: "router forwards our ports"
        case .anotherPort: "router gave another port"
        case .notPublic: "router has no public address"
        case .refused: "router does not forward our ports"
        case .noAnswer: "router does not answer"
        case .restarted: "router has started again"
        case .expired: "router forwards a port no more"
        }
    }

    fileprivate var metadata: Logger.Metadata {
        switch self {
        case .mapped(let router, let way): ["router": "\(router.address)", "way": "\(way.rawValue)"]
        case .anotherPort(let mapped, let asked):
            ["router": "\(mapped.router.address)", "external": "\(mapped.external)", "asked": "\(asked)"]
        case .notPublic(let router, let external): ["router": "\(router.address)", "external": "\(external)"]
        case .refused(let router, let way, let reason):
            ["router": "\(router.address)", "way": "\(way.rawValue)", "reason": "\(reason)"]
        case .noAnswer(let router), .restarted(let router): ["router": "\(router.address)"]
        case .expired(let mapped): ["router": "\(mapped.router.address)", "external": "\(mapped.external)"]
        }
    }
}
