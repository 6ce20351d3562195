import IPAddresses
import LoopRuntime
import PortMapping
import RouterPorts
import Synchronization
import Timeline

/// What a `PortMapper` told.
final class MappingLog: Sendable {
    private struct Told {
        var mappings: [MappedPort] = []
        var notes: [PortMappingNote] = []
        var ahead = Duration.zero
    }

    private let told = Mutex(Told())

    var mappings: [MappedPort] { told.withLock { $0.mappings } }
    var notes: [PortMappingNote] { told.withLock { $0.notes } }

    /// Lets the mapper believe that so much time has passed.
    func skip(_ duration: Duration) {
        told.withLock { $0.ahead += duration }
    }

    func mapper(on loop: HostLoop, secret: UInt8 = 7, _ configuration: PortMappingConfiguration = PortMappingConfiguration()) -> PortMapper?
    {
        guard let identity = PortMappingIdentity(secret: [UInt8](repeating: secret, count: 32), name: "home") else { return nil }
        return PortMapper(
            executor: loop.executor, identity: identity, configuration: configuration,
            clock: { Instant.now() + self.told.withLock { $0.ahead } },
            onChange: { mappings in self.told.withLock { $0.mappings = mappings } },
            onNote: { note in self.told.withLock { $0.notes.append(note) } })
    }
}
