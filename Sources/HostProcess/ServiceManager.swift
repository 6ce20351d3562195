import Glibc

/// Tells the service manager that started this process how it is (sd_notify(3)). Without one, nothing is sent.
package struct ServiceManager: Sendable {
    /// Where it listens: a path, or with `@` in front an abstract name.
    private let address: String?
    /// How often it wants to hear from us; `nil`: never.
    package let watchdogInterval: Duration?

    /// From `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`.
    package init(environment: (String) -> String?) {
        address = environment("NOTIFY_SOCKET").flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        let isForUs = environment("WATCHDOG_PID").map { $0 == "\(getpid())" } ?? true
        let micros = environment("WATCHDOG_USEC").flatMap { Int64($0) } ?? 0
        watchdogInterval = isForUs && micros > 0 ? .microseconds(micros) : nil
    }

    package func isReady() { tell("READY=1") }
    package func isStopping() { tell("STOPPING=1") }
    package func isAlive() { tell("WATCHDOG=1") }

    /// To be followed by `isReady`.
    package func isReloading() {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        tell("RELOADING=1\nMONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1000)")
    }

    private func tell(_ text: String) {
        guard let address, var name = Self.socketAddress(address) else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + address.utf8.count)
        text.withCString { bytes in
            withUnsafePointer(to: &name) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = sendto(descriptor, bytes, strlen(bytes), Int32(MSG_NOSIGNAL), $0, length)
                }
            }
        }
    }

    /// unix(7): the first byte of an abstract name is zero.
    private static func socketAddress(_ address: String) -> sockaddr_un? {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let bytes = address.hasPrefix("@") ? [0] + address.utf8.dropFirst() : Array(address.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: name.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
        return name
    }
}
