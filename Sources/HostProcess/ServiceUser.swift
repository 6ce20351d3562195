import Glibc

/// Whom a daemon that was started by root becomes.
package struct ServiceUser: Hashable, Sendable {
    /// The account that a package may have made.
    package static let accountName = "weft"
    /// Of nobody else: from the range that systemd gives to services without an account (systemd.exec(5), DynamicUser=).
    package static let standard = ServiceUser(id: 62042, group: 62042)

    package let id: UInt32
    package let group: UInt32

    init(id: UInt32, group: UInt32) {
        self.id = id
        self.group = group
    }

    /// - Parameter named: an account of /etc/passwd, or a number; `nil` for the account `weft`, and if there is none for `standard`.
    package init(named name: String?) throws(HostProcessError) {
        let accounts = Self.read("/etc/passwd")
        if let name {
            guard let user = Self.find(name, in: accounts) else { throw .noSuchUser(name) }
            self = user
        } else {
            self = Self.find(Self.accountName, in: accounts) ?? Self.standard
        }
        guard id != 0 else { throw .rootRefused }
    }

    /// By the file alone: the C library's way would load code of the system's into a process that is root.
    static func find(_ name: String, in accounts: String) -> ServiceUser? {
        let number = UInt32(name)
        for line in accounts.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count >= 4, let id = UInt32(fields[2]), let group = UInt32(fields[3]) else { continue }
            if fields[0] == name || number == id { return ServiceUser(id: id, group: group) }
        }
        // The largest one means "none" to the kernel.
        return number.flatMap { $0 < .max ? ServiceUser(id: $0, group: $0) : nil }
    }

    /// An account file of a large site has some hundred kilobytes.
    private static let maximumBytes = 4 << 20

    private static func read(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count < maximumBytes {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
