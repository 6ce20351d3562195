import CLinux
import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import LinuxNetwork

/// An event loop whose thread is in a network namespace of its own, gone with the thread.
func withNetworkNamespace<Result: Sendable>(_ body: @Sendable (KernelNetwork) async throws -> Result) async throws -> Result {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    do {
        let loop = group.next()
        try await loop.submit { if weft_unshare_network() != 0 { throw LinuxNetworkError(errno: errno, call: "unshare") } }.get()
        let result = try await body(KernelNetwork(on: loop))
        try await group.shutdownGracefully()
        return result
    } catch {
        try await group.shutdownGracefully()
        throw error
    }
}

enum Machine {
    /// Namespaces need CAP_SYS_ADMIN.
    static let hasNamespaces = weft_has_capability(CAP_SYS_ADMIN) && weft_has_capability(CAP_NET_ADMIN)

    /// Asked in a namespace of its own, so that nothing of this machine changes.
    @Sendable static func hasKernelWireGuard() async -> Bool {
        guard hasNamespaces else { return false }
        return (try? await withNetworkNamespace { try await $0.isWireGuardSupported() }) ?? false
    }
}
