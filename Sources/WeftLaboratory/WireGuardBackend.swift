import Foundation

/// Which WireGuard the end-to-end tests use: `WEFT_E2E_WIREGUARD=userspace|kernel`, else the kernel's where there is one.
package enum WireGuardBackend: String, Sendable {
    case kernel
    case userspace

    package static let chosen: WireGuardBackend = {
        let wish = ProcessInfo.processInfo.environment["WEFT_E2E_WIREGUARD"].flatMap(WireGuardBackend.init)
        return wish ?? (Requirements.kernelWireGuard == nil ? .kernel : .userspace)
    }()

    /// Why it cannot be used here, `nil` if it can.
    package var missing: String? {
        switch self {
        case .kernel: Requirements.kernelWireGuard
        case .userspace: Requirements.userspaceWireGuard
        }
    }

    /// The value of `--wireguard`.
    package var option: String {
        switch self {
        case .kernel: "kernel"
        case .userspace: "wireguard-go"
        }
    }
}
