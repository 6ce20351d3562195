import MeshSimulation
import Testing

/// Seeds that have found a bug. The scenario of a seed may change with the generator: what each is about is said beside it.
@Suite struct PinnedSeedTests {
    /// - 12, 28, 79: the wall clock was set while a node did not run, and it forgot everybody.
    /// - 25: a peer dialled anew, but what it was sent went into the connection that it had lost.
    /// - 8, 56: after a change of address, connections with something unacknowledged lived for a quarter of an hour.
    /// - 8, 25: who changed its address right after it had connected was taken for one whose dials had crossed.
    /// - 1246, 1651: hosts to join by were not tried any more once anybody was connected.
    /// - 1510: a copied machine's record took the place of the address in the token.
    /// - 1870: after half an hour of no answer, a host to join by was tried too seldom.
    /// - 71, 1224: a copied machine's later record, ended or unreachable, stood against the true one.
    /// - 64, 101: whom a node held for one peer was two machines, and what one of them said went to the other, or was never asked for.
    /// - 57: who was connected was held for lost, because a second dial had failed, and so dialled for ever.
    /// - 12186, 24334: the peer in a token, whom nobody had ever met, came when all others had found each other, and knew nobody.
    /// - 22084: the only connection between two parts of a mesh was given up for a newer one.
    /// - 22730, 27026: in a mesh of two or three, each member that was lost cost as much as a single one may.
    /// - 47185: what was asked for by a connection that was one too many was not asked for again.
    /// - 48620: what was said by such a connection was lost.
    /// - 86029: a list that was opened right after an answer was taken for one that had crossed ours, and passed over.
    /// - 89251: the peer in a token, whom one node alone was to meet, was tried in turn with all whom that node had dialled in vain.
    /// - 9696, 34395: whom a node had dialled in vain during a partition cost it a dial each afterwards, although nobody held them for lost.
    @Test(
        arguments: [
            8, 12, 25, 28, 56, 57, 64, 71, 79, 101, 1224, 1246, 1510, 1651, 1870, 9696, 12186, 22084, 22730, 24334, 27026, 34395, 47185,
            48620, 86029, 89251,
        ] as [UInt64])
    func stayMended(seed: UInt64) {
        var simulation = Simulation(Scenario(seed: seed))
        let report = simulation.run()
        #expect(report.violation == nil, "\(report.explanation)")
    }
}
