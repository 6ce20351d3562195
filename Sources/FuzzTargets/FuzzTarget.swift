/// Something that takes bytes from others and must not trap, hang or grow without bound, whatever they are.
///
/// A fuzzer runs one of them millions of times (scripts/fuzz); the inputs that it found worth keeping are run again by the tests.
package enum FuzzTarget: String, CaseIterable, Sendable {
    case autonat
    case certificate
    case connection
    case dns
    case formats
    case gossip
    case multicast
    case multistream
    case netlink
    case noise
    case records
    case snapshot
    case sync
    case token
    case uapi
    case yamux

    package func run(_ bytes: [UInt8]) {
        switch self {
        case .autonat: Stack.autonat(bytes)
        case .certificate: Stack.certificate(bytes)
        case .connection: Stack.connection(bytes)
        case .dns: Texts.dns(bytes)
        case .formats: Stack.formats(bytes)
        case .gossip: Stack.gossip(bytes)
        case .multicast: Texts.multicast(bytes)
        case .multistream: Stack.multistream(bytes)
        case .netlink: Texts.netlink(bytes)
        case .noise: Stack.noise(bytes)
        case .records: Members.records(bytes)
        case .snapshot: Members.snapshot(bytes)
        case .sync: Members.sync(bytes)
        case .token: Members.token(bytes)
        case .uapi: Texts.uapi(bytes)
        case .yamux: Stack.yamux(bytes)
        }
    }

    /// Inputs to begin with: what an honest peer sends.
    package var seeds: [[UInt8]] {
        switch self {
        case .autonat: Stack.wishes
        case .certificate: []
        case .connection, .multistream: Stack.negotiations
        case .dns: Texts.questions
        case .formats: Stack.formatSeeds
        case .gossip: Stack.exchanges
        case .multicast: Texts.answers
        case .netlink, .noise, .snapshot, .uapi, .yamux: []
        case .records: Members.envelopes
        case .sync: []
        case .token: Members.tokens
        }
    }
}
