import Foundation

/// Limits of this machine that hundreds of nodes on it run into. What cannot be raised is told, and tried without.
struct MachineLimits {
    /// Neighbour tables are one for the whole machine, whatever the namespace.
    private static let thresholds = ["gc_thresh1", "gc_thresh2", "gc_thresh3"]
    private static let neighboursPerNode = 256
    private static let descriptorsPerNode = 4

    /// `SCHED_RESET_ON_FORK` of sched(7), which Glibc's module does not show.
    private static let resetOnFork: Int32 = 0x4000_0000

    /// Sysctl files and what stood in them.
    private let raised: [(path: String, value: String)]

    static func raise(nodes: Int) -> MachineLimits {
        goBeforeTheNodes()
        raiseDescriptors(to: rlim_t(nodes * descriptorsPerNode + 256))
        var raised: [(String, String)] = []
        for path in ["ipv4", "ipv6"].flatMap({ family in thresholds.map { "/proc/sys/net/\(family)/neigh/default/\($0)" } }) {
            guard let text = try? String(contentsOfFile: path, encoding: .utf8), let value = Int(text.filter(\.isNumber)) else { continue }
            let wanted = nodes * neighboursPerNode
            guard value < wanted else { continue }
            if write("\(wanted)\n", to: path) { raised.append((path, text)) } else { tell("\(path) stays at \(value)") }
        }
        return MachineLimits(raised: raised)
    }

    func restore() {
        // The lower thresholds first would be as good: the kernel does not compare them.
        for (path, value) in raised where !Self.write(value, to: path) { Self.tell("could not set \(path) back to \(value)") }
    }

    /// So that nodes that run already do not delay the start of the others, nor the stamps on what they say. Nodes do not inherit it.
    private static func goBeforeTheNodes() {
        var parameters = sched_param()
        parameters.sched_priority = 1
        if sched_setscheduler(0, SCHED_RR | resetOnFork, &parameters) != 0 { tell("no priority over the nodes: their starts are spread") }
    }

    private static func raiseDescriptors(to wanted: rlim_t) {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard limit.rlim_cur < wanted else { return }
        limit.rlim_cur = min(wanted, limit.rlim_max)
        let failed = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0
        if failed || limit.rlim_cur < wanted { tell("no more than \(limit.rlim_cur) open files are allowed, \(wanted) are wanted") }
    }

    private static func write(_ text: String, to path: String) -> Bool {
        (try? text.write(toFile: path, atomically: false, encoding: .utf8)) != nil
    }

    private static func tell(_ text: String) {
        FileHandle.standardError.write(Data("bench: \(text)\n".utf8))
    }
}
