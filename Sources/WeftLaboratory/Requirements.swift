import Foundation

/// What a laboratory needs of the machine. Each tells why a test is skipped; `nil` when all is there.
package enum Requirements {
    package static let laboratory: String? = {
        guard geteuid() == 0 else { return "needs root: makes network namespaces" }
        for tool in ["ip", "ping"] where Tools.find(tool) == nil { return "needs \(tool): run scripts/setup test" }
        let name = "weftlab-\(getpid())-0-probe"
        defer { _ = try? Tools.run(["ip", "netns", "delete", name]) }
        do {
            try Tools.run(["ip", "netns", "add", name])
            return nil
        } catch {
            return "needs network namespaces: \(error)"
        }
    }()

    package static let userspaceWireGuard: String? = {
        if let reason = laboratory { return reason }
        guard Tools.find("wireguard-go") != nil else { return "needs wireguard-go: run scripts/setup test" }
        return access("/dev/net/tun", R_OK | W_OK) == 0 ? nil : "needs /dev/net/tun"
    }()

    package static let kernelWireGuard: String? = {
        if let reason = laboratory { return reason }
        let name = "weftlab-\(getpid())-0-kernel"
        defer { _ = try? Tools.run(["ip", "netns", "delete", name]) }
        do {
            try Tools.run(["ip", "netns", "add", name])
            try Tools.run(["ip", "-n", name, "link", "add", "wg0", "type", "wireguard"])
            return nil
        } catch {
            return "this kernel has no WireGuard: run the tests under scripts/vm"
        }
    }()
}
