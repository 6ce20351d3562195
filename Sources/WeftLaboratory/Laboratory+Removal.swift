import Foundation

/// Names that tell whose a thing is, and the removal of what is left.
extension Laboratory {
    static let prefix = "weftlab-"
    static let counter = Counter()
    private static let namespaceFolder = "/run/netns"

    /// Removes what runs left that are no more: their process id is part of the name.
    static func sweep() {
        removeNamespaces(entries(of: namespaceFolder).filter(isStale))
        let directory = NSTemporaryDirectory()
        for file in entries(of: directory) where isStale(file) { try? FileManager.default.removeItem(atPath: directory + file) }
    }

    private static func isStale(_ name: String) -> Bool {
        guard name.hasPrefix(prefix), let id = pid_t(name.dropFirst(prefix.count).prefix { $0.isNumber }), id > 0 else { return false }
        return kill(id, 0) != 0 && errno == ESRCH
    }

    /// With all that still runs in them: only what the laboratory put there can.
    static func removeNamespaces(_ namespaces: [String]) {
        guard !namespaces.isEmpty else { return }
        let ours = Set(namespaces.compactMap { identity("\(namespaceFolder)/\($0)") })
        for id in entries(of: "/proc").compactMap({ pid_t($0) }) where id != getpid() {
            if let network = identity("/proc/\(id)/ns/net"), ours.contains(network) { kill(id, SIGKILL) }
        }
        let file = "\(NSTemporaryDirectory())\(prefix)\(getpid())-removal-\(counter.next())"
        defer { unlink(file) }
        let lines = namespaces.filter { access("\(namespaceFolder)/\($0)", F_OK) == 0 }.map { "netns delete \($0)\n" }
        guard (try? lines.joined().write(toFile: file, atomically: false, encoding: .utf8)) != nil else { return }
        // What is gone already is no reason to leave the others.
        _ = try? Tools.run(["ip", "-force", "-batch", file], atMost: .seconds(120))
    }

    private static func entries(of folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }

    /// Which namespace a file stands for (namespaces(7)): equal for equal ones.
    private static func identity(_ path: String) -> UInt64? {
        var facts = stat()
        return stat(path, &facts) == 0 ? UInt64(facts.st_ino) : nil
    }
}

/// Distinct numbers for the laboratories of one process.
final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var last = 0

    // Sendable is true because of the lock.
    func next() -> Int {
        lock.withLock {
            last += 1
            return last
        }
    }
}
