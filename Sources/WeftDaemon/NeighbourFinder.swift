import IPAddresses
import LocalDiscovery
import Logging
import LoopRuntime
import MulticastPort
import Multiformats
import NIOCore
import Timeline

/// Looks for members on the same link, and answers those who look: the machine, its sockets and its timer. All calls are made on the loop.
final class NeighbourFinder: Sendable {
    private typealias Machine = LocalDiscovery<SystemRandomNumberGenerator>

    private let machine: NIOLoopBoundBox<Machine>
    private let port: NIOLoopBoundBox<MulticastPort?>
    private let timer: NIOLoopBoundBox<LoopTimer?>
    private let log: Logger
    private let found: @Sendable (PeerID, [Multiaddr]) -> Void

    /// - Parameters:
    ///   - network: what those of one mesh have in common, fit to be a label: `nil` is returned if it is not.
    ///   - found: a neighbour who says that he is of the mesh; called on the loop.
    init?(
        network: String, peer: PeerID, port: UInt16, on executor: LoopExecutor, log: Logger,
        found: @escaping @Sendable (PeerID, [Multiaddr]) -> Void
    ) {
        guard let machine = Machine(fingerprint: network, peer: peer, port: port, generator: SystemRandomNumberGenerator()) else {
            return nil
        }
        let loop = executor.eventLoop
        self.machine = NIOLoopBoundBox(machine, eventLoop: loop)
        self.log = log
        self.found = found
        self.port = .makeEmptyBox(eventLoop: loop)
        timer = .makeEmptyBox(eventLoop: loop)
        self.port.value = MulticastPort(labelStart: LocalDiscovery<SystemRandomNumberGenerator>.labelStart, on: executor) { [weak self] in
            self?.handle(.received($0, link: $1))
        }
        timer.value = LoopTimer(eventLoop: loop) { [weak self] in self?.handle(.deadlineReached) }
    }

    /// Whether this node is connected to nobody.
    var isAlone: Bool {
        get { machine.value.isAlone }
        set { if newValue != isAlone { handle(.isAlone(newValue)) } }
    }

    /// Looks on these links from now on and on no others.
    func use(_ links: [LocalLink]) {
        let families = links.map { ($0.index, Set($0.prefixes.map(\.family))) }
        let failures = port.value?.use(Dictionary(families) { $0.union($1) }) ?? []
        for failure in failures { log.debug("not looking for neighbours", metadata: ["reason": "\(failure)"]) }
        handle(.linksChanged(links))
    }

    func stop() {
        timer.value?.set(nil)
        port.value?.close()
        port.value = nil
    }

    private func handle(_ input: Machine.Input) {
        guard let port = port.value else { return }
        for action in machine.value.handle(input, now: .now()) {
            switch action {
            case .send(let message, let link): port.send(message, interface: link)
            case .found(let peer, let addresses): found(peer, addresses)
            }
        }
        timer.value?.set(machine.value.nextDeadline)
    }
}
