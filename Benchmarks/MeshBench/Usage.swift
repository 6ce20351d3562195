import Foundation
import WeftLaboratory

/// What a node has used up so far: itself and the programs that it has started.
struct Usage {
    let cpuSeconds: Double
    let contextSwitches: Int
    let sentBytes: Int

    init(of node: pid_t) throws {
        let processes = [node] + ProcessFacts.descendants(of: node)
        guard let sent = ProcessFacts.sentBytes(node, interface: LabHost.link) else { throw BenchError("process \(node) has ended") }
        sentBytes = sent
        cpuSeconds = processes.compactMap(ProcessFacts.processorSeconds).reduce(0, +)
        contextSwitches = processes.compactMap(ProcessFacts.contextSwitches).reduce(0, +)
    }
}

/// What a node holds in memory, with the programs that it has started, in bytes.
struct Memory {
    let resident: Int
    let proportional: Int

    init(of node: pid_t) {
        let parts = ([node] + ProcessFacts.descendants(of: node)).map(ProcessFacts.memory)
        resident = parts.map(\.resident).reduce(0, +)
        proportional = parts.map(\.proportional).reduce(0, +)
    }
}
