import Foundation

/// What /proc tells of a process.
package enum ProcessFacts {
    /// How often its threads have gone to sleep (`voluntary_ctxt_switches`, proc(5)) in sum; `nil` when it is gone.
    package static func voluntarySwitches(_ id: pid_t) -> Int? {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/task")) ?? []
        guard !tasks.isEmpty else { return nil }
        return tasks.compactMap { task in
            read("/proc/\(id)/task/\(task)/status").split(separator: "\n")
                .first { $0.hasPrefix("voluntary_ctxt_switches:") }
                .flatMap { Int($0.split(whereSeparator: \.isWhitespace).last ?? "") }
        }.reduce(0, +)
    }

    /// Processes that were started by `id`, and by those.
    package static func descendants(of id: pid_t) -> [pid_t] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/task")) ?? []
        let children = tasks.flatMap { read("/proc/\(id)/task/\($0)/children").split(separator: " ").compactMap { pid_t($0) } }
        return children + children.flatMap(descendants)
    }

    /// Command lines of all processes; arguments are separated by NUL.
    package static func allCommandLines() -> [pid_t: String] {
        let ids = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
        return Dictionary(ids.map { ($0, read("/proc/\($0)/cmdline")) }) { first, _ in first }
    }

    package static func environment(_ id: pid_t) -> String {
        read("/proc/\(id)/environ")
    }

    private static func read(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}
