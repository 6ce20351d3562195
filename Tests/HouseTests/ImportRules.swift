/// What a target may import, and why.
struct ImportRule {
    let target: String
    let allowed: Set<String>
    let reason: String

    init(_ target: String, _ allowed: Set<String>, _ reason: String) {
        self.target = target
        self.allowed = allowed
        self.reason = reason
    }
}

extension ImportRule {
    /// The house: from the rooms that stand on the ground to those that stand on others.
    static let all = [
        // Vocabulary: everybody speaks it, so it knows nobody.
        ImportRule("Timeline", [], "a moment is a number: whoever reads a clock is an adapter"),
        ImportRule("Secrets", [], "one protocol, which any type that holds a key adopts"),
        ImportRule("IPAddresses", [], "parses and prints addresses by itself, so no resolver is ever asked"),
        ImportRule("WireGuard", ["IPAddresses", "Secrets"], "the words of WireGuard, shared by kernel and userspace"),

        // Pure cores: they can be tested, fuzzed and simulated, for no effect is in reach.
        ImportRule(
            "Multiformats", ["CSecp256k1", "CSodium", "Crypto", "CryptoExtras", "IPAddresses", "Secrets", "SwiftProtobuf"],
            "libp2p's data formats; Crypto for keys and signatures, CSodium to verify the most frequent ones, the others for foreign peers' kinds"
        ),
        ImportRule(
            "SecureChannel", ["CSodium", "Crypto", "Multiformats", "Secrets", "SwiftASN1", "SwiftProtobuf"],
            "CSodium for XSalsa20, which Crypto lacks; SwiftASN1 for certificates"),
        ImportRule("Yamux", ["DequeModule", "Timeline"], "bytes in, bytes out; a queue from swift-collections"),
        ImportRule(
            "PeerConnection", ["Multiformats", "SecureChannel", "SwiftProtobuf", "Timeline", "Yamux"], "puts the libp2p machines together"),
        ImportRule(
            "GossipSub", ["Crypto", "DequeModule", "IPAddresses", "Multiformats", "SwiftProtobuf", "Timeline"], "Crypto for message ids"),
        ImportRule(
            "AutoNAT", ["IPAddresses", "Multiformats", "Timeline"],
            "whether a node can be dialled: whom to ask, whom to dial back; who asks and dials is for others"),
        ImportRule("DNSCodec", ["IPAddresses"], "questions and answers about names; where they come from and go to is for others"),
        ImportRule(
            "LocalDiscovery", ["DNSCodec", "IPAddresses", "Multiformats", "Timeline"],
            "who is on the same link: when to ask, when to answer"),
        ImportRule(
            "PortMapping", ["Crypto", "IPAddresses", "Secrets", "Timeline"],
            "what to ask a router, and when; Crypto for numbers that nobody else can guess"),
        ImportRule(
            "NetlinkCodec", ["CLinux", "IPAddresses", "Secrets", "WireGuard"], "CLinux for the constants of the kernel's headers alone"),
        ImportRule(
            "Mesh", ["Crypto", "IPAddresses", "Multiformats", "Secrets", "SwiftProtobuf", "Timeline", "WireGuard"],
            "the heart: decides, and so must not know who carries it out"),

        // Adapters: one external concern each; none knows the mesh.
        ImportRule("LoopRuntime", ["CLinux", "Glibc", "NIOCore", "NIOPosix", "Timeline"], "the thread, the clock, the signals"),
        ImportRule(
            "TLSChannel", ["Crypto", "Multiformats", "NIOCore", "NIOEmbedded", "NIOSSL", "NIOTLS", "SecureChannel", "Synchronization"],
            "TLS as a machine: the library of the field, on a loop without thread or socket"),
        ImportRule(
            "PeerHost",
            [
                "AutoNAT", "Glibc", "GossipSub", "IPAddresses", "LoopRuntime", "Multiformats", "NIOCore", "NIOPosix", "PeerConnection",
                "SecureChannel",
                "Timeline",
            ], "libp2p over TCP: useful to programs that are no mesh"),
        ImportRule(
            "RouterPorts", ["IPAddresses", "LoopRuntime", "NIOCore", "NIOHTTP1", "NIOPosix", "PortMapping", "Timeline"],
            "sockets to the router; what it says is read by others"),
        ImportRule(
            "MulticastPort", ["CLinux", "Glibc", "IPAddresses", "LoopRuntime", "NIOCore", "NIOPosix"],
            "the sockets of multicast DNS; it does not read what comes by them"),
        ImportRule(
            "LinuxNetwork", ["CLinux", "Glibc", "IPAddresses", "NIOCore", "NIOPosix", "NetlinkCodec", "WireGuard"],
            "the kernel's network: changes what it is told to, and has no opinion"),
        ImportRule(
            "UserspaceWireGuard", ["CChildProcess", "Crypto", "Glibc", "IPAddresses", "Synchronization", "WireGuard"],
            "a child process and its socket; Crypto for the public key of a private one"),
        ImportRule("HostProcess", ["CLinux", "Glibc"], "the daemon's own process: its user, what it may do, who watches it"),
        ImportRule("LocalAPI", ["FoundationEssentials", "Glibc", "LoopRuntime", "NIOCore", "NIOPosix"], "FoundationEssentials for JSON"),
        ImportRule(
            "PrometheusMetrics", ["CoreMetrics", "Synchronization"], "values as text for Prometheus; it does not know what they are of"),
        ImportRule(
            "NodeMetrics", ["CoreMetrics", "HostProcess", "Synchronization"], "what a node tells to monitoring, whichever that is"),
        ImportRule(
            "WebPort", ["Glibc", "IPAddresses", "LoopRuntime", "NIOCore", "NIOHTTP1", "NIOPosix"],
            "pages for browsers; it does not know what is on them"),
        ImportRule(
            "Diagnosis", ["Glibc", "IPAddresses"], "what a person asks when something does not work: probes, and what follows from them"),
        ImportRule(
            "Naming", ["CLinux", "DNSCodec", "Glibc", "IPAddresses", "LoopRuntime", "NIOCore", "NIOPosix", "Synchronization"],
            "the hosts file, the DNS sockets, systemd-resolved; it is told names, and does not know whose they are"),

        // What the user decides.
        ImportRule(
            "Settings", ["CYAML", "Configuration", "Synchronization"],
            "each setting once; Configuration for which source goes first, CYAML for a parser that tells lines"),

        ImportRule("Ancestors", ["FoundationEssentials", "Settings"], "files of wesher and w2wesher; FoundationEssentials for JSON"),

        // Composition.
        ImportRule(
            "WeftDaemon",
            [
                "AutoNAT", "CLinux", "CStatusPage", "CoreMetrics", "Crypto", "DNSCodec", "Diagnosis", "FoundationEssentials", "Glibc",
                "GossipSub",
                "HostProcess",
                "IPAddresses", "LinuxNetwork", "LocalAPI", "LocalDiscovery", "Logging", "LoopRuntime", "Mesh", "MulticastPort",
                "Multiformats", "NIOCore", "NIOPosix", "Naming", "NetlinkCodec", "NodeMetrics", "PeerConnection", "PeerHost",
                "PortMapping", "PrometheusMetrics", "RouterPorts", "SecureChannel", "Synchronization",
                "TLSChannel", "Timeline", "UserspaceWireGuard", "WebPort", "WireGuard",
            ], "the one place where cores and adapters meet; it reads no command line"),
        ImportRule(
            "weft",
            [
                "Ancestors", "ArgumentParser", "CQREncode", "Diagnosis", "FoundationEssentials", "Glibc", "IPAddresses", "LocalAPI",
                "Logging",
                "LoopRuntime", "Mesh",
                "Naming", "Settings", "WeftDaemon",
            ], "the one place that knows the command line"),

        // What tests share; no product contains it.
        ImportRule("WeftTestKit", ["Glibc"], "hexadecimal and seeds: nothing of what is tested, or a fault would excuse itself"),
        ImportRule(
            "PeerHostTestKit",
            [
                "AutoNAT", "Glibc", "GossipSub", "IPAddresses", "LoopRuntime", "Multiformats", "NIOCore", "NIOPosix", "PeerConnection",
                "PeerHost", "SecureChannel", "Synchronization", "TLSChannel",
            ],
            "real hosts on loopback, and no part of Weft"),
        ImportRule(
            "WeftLaboratory", ["CLinux", "Foundation"], "drives the program from outside, as a user does; CLinux to enter a namespace"),
        ImportRule(
            "MeshSimulation",
            [
                "Foundation", "GossipSub", "IPAddresses", "Mesh", "Multiformats", "PeerHost", "Synchronization", "Timeline", "WeftTestKit",
                "WireGuard",
            ],
            "the cores that decide, and of PeerHost the numbers alone; Foundation for the count of processors"),
        ImportRule(
            "FuzzTargets",
            [
                "AutoNAT", "DNSCodec", "GossipSub", "IPAddresses", "LocalDiscovery", "Mesh", "Multiformats", "NetlinkCodec",
                "PeerConnection",
                "SecureChannel", "Timeline", "UserspaceWireGuard", "WeftTestKit", "WireGuard", "Yamux",
            ],
            "whatever reads what others send: no socket and no file is in reach of a fuzzer"),
        ImportRule("WeftSimulate", ["ArgumentParser", "Glibc", "MeshSimulation"], "a command line for the simulator"),

        // Benchmarks.
        ImportRule("MeshBench", ["CLinux", "Foundation", "WeftLaboratory"], "measures the program from outside; CLinux for signals"),
        ImportRule(
            "MicroBench",
            [
                "Crypto", "Foundation", "IPAddresses", "Mesh", "Multiformats", "NetlinkCodec", "SecureChannel", "Timeline", "WireGuard",
                "Yamux",
            ], "measures pure cores alone; Crypto to compare with"),
        ImportRule(
            "PeerBench",
            ["Foundation", "IPAddresses", "LoopRuntime", "Multiformats", "PeerConnection", "PeerHost", "SecureChannel", "Synchronization"],
            "libp2p alone, as a program uses it; Foundation for its processes"),
        ImportRule(
            "Chat", ["Foundation", "GossipSub", "IPAddresses", "LoopRuntime", "Multiformats", "PeerHost"],
            "libp2p as another program would use it; Foundation for a thread"),
    ]

    static let pure = [
        "Timeline", "Secrets", "IPAddresses", "WireGuard", "Multiformats", "SecureChannel", "Yamux", "PeerConnection", "GossipSub",
        "AutoNAT", "DNSCodec", "LocalDiscovery", "NetlinkCodec", "Mesh", "PortMapping",
    ]
    /// What only tests and benchmarks use: it may wait and start tasks as they do.
    static let testSupport = [
        "WeftTestKit", "PeerHostTestKit", "WeftLaboratory", "MeshSimulation", "WeftSimulate", "FuzzTargets", "MeshBench",
        "MicroBench", "PeerBench", "Chat",
    ]
    static let libp2p = [
        "Multiformats", "SecureChannel", "Yamux", "PeerConnection", "GossipSub", "AutoNAT", "TLSChannel", "PeerHost", "LoopRuntime",
    ]
    static let adapters = [
        "LoopRuntime", "TLSChannel", "PeerHost", "LinuxNetwork", "UserspaceWireGuard", "HostProcess", "LocalAPI", "PrometheusMetrics",
        "NodeMetrics",
        "WebPort", "Diagnosis", "Naming", "MulticastPort", "RouterPorts",
    ]
    /// C alone: nothing to import.
    static let headers = ["CLinux", "CSecp256k1", "CSodium", "CChildProcess", "CQREncode", "CStatusPage", "CYAML", "CLibFuzzer"]

    /// Modules by which a pure core could have an effect.
    static func isEffectful(_ module: String) -> Bool {
        ["Foundation", "FoundationEssentials", "Glibc", "Musl", "Logging", "Dispatch", "Synchronization"].contains(module)
            || module.hasPrefix("NIO")
    }
}
