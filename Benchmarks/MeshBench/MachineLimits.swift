import Foundation

/// What hundreds of nodes on one machine need. What cannot be had is told, and tried without.
enum MachineLimits {
    private static let descriptorsPerNode = 4

    /// `SCHED_RESET_ON_FORK` of sched(7), which Glibc's module does not show.
    private static let resetOnFork: Int32 = 0x4000_0000

    /// For this process, and until it ends.
    static func raise(nodes: Int) {
        goBeforeTheNodes()
        raiseDescriptors(to: rlim_t(nodes * descriptorsPerNode + 256))
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

    private static func tell(_ text: String) {
        FileHandle.standardError.write(Data("bench: \(text)\n".utf8))
    }
}
