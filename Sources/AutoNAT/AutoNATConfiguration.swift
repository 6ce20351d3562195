import IPAddresses

/// How often a node asks whether it can be reached, and what others can make it do who ask the same.
package struct AutoNATConfiguration: Sendable {
    // MARK: Both sides

    /// Where no dial-back goes to and none is asked for: an overlay that this connection itself makes possible.
    package var excluded: [IPPrefix] = []
    /// For tests: a machine of its own cannot be outside.
    package var allowsLoopback = false
    /// In one request; what follows is not looked at.
    package var maximumAddresses = 16

    // MARK: Who is asked

    /// From the moment in which a dial-back is possible until it is answered, if it fails.
    package var dialTimeout: Duration = .seconds(15)
    /// Dial-backs under way. One more is refused.
    package var maximumDials = 4
    /// In which the next two count, as in go-libp2p.
    package var window: Duration = .seconds(60)
    package var maximumDialsPerPeer = 3
    package var maximumDialsInAll = 30

    // MARK: Who asks

    /// From a peer that can tell, or a change of addresses, to the question, and up to twice as long: others begin at the same time.
    package var firstDelay: Duration = .seconds(5)
    /// Between the first few questions as long as nothing is known, and the least between any two.
    package var retryInterval: Duration = .seconds(90)
    /// Between the first few answers that confirm what is known.
    package var confirmInterval: Duration = .seconds(3600)
    /// So many questions are asked at that pace; then the pause doubles with each.
    package var quickQuestions = 4
    /// A peer that was not asked yet may shorten it, to no less than this, as long as nothing is known.
    package var unsureInterval: Duration = .seconds(600)
    /// The longest pause. Who is sure asks so seldom at once.
    package var refreshInterval: Duration = .seconds(6 * 3600)
    /// So many answers that confirm what is known make sure of it (go-libp2p's number).
    package var maximumConfidence = 3
    /// Who has refused is left in peace for so long.
    package var refusalPause: Duration = .seconds(3600)
    /// Peers that are kept in mind as able to tell.
    package var maximumWitnesses = 64

    package init() {}

    /// Whether an address is one that somebody else could connect to.
    func isDialable(_ address: IPAddress) -> Bool {
        !address.isUnspecified && !address.isMulticast && !address.isLinkLocal && (allowsLoopback || !address.isLoopback)
            && !excluded.contains { $0.contains(address) }
    }
}
