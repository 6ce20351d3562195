import LinuxNetwork
import Logging
import LoopRuntime
import Mesh
import Multiformats
import NodeMetrics
import WireGuard

/// What an engine is made of.
struct EngineParts: Sendable {
    var executor: LoopExecutor
    var settings: DaemonSettings
    var token: JoinToken
    var identity: Identity
    var wireguardKey: WireGuardPrivateKey
    var wireguardPublicKey: WireGuardPublicKey
    var kernel: KernelNetwork
    var network: NetworkReconciler
    /// `nil`: nobody is to know the names.
    var names: NamesPublisher?
    var surroundings: LocalSurroundings
    var restored: MeshSnapshot?
    var log: Logger
    var metrics: NodeMetrics
    /// Writes what is known of the members to the state folder; errors are logged by it.
    var saveMembers: @Sendable ([UInt8]) -> Void
}
