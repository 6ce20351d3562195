// swift-tools-version: 6.2
import Glibc
import PackageDescription

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let coreMetrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nioConcurrencyHelpers: Target.Dependency = .product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")

/// How `weft` is linked, for the memory of its processes.
var linkerFlags: [String] {
    // Nobody loads it as a library: a table of its symbols for that would take 1.5 MB.
    var flags = ["-Xlinker", "--no-export-dynamic"]
    // Relocations in their short form save another one, if the C library knows it. Of the linkers that Swift brings, lld can write it.
    var name = [CChar](repeating: 0, count: 64)  // "glibc 2.36"
    confstr(Int32(_CS_GNU_LIBC_VERSION), &name, name.count)
    let text = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    let version = text.split { $0 == " " || $0 == "." }.compactMap { Int($0) }
    if !version.lexicographicallyPrecedes([2, 36]) {
        flags += ["-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs"]
    }
    // What little it needs of the C++ library, linked in, saves the pages of all of it: 1.5 MB again. Not everybody has the archive.
    var archives = glob_t()
    defer { globfree(&archives) }
    if glob("/usr/lib/gcc/*/*/libstdc++.a", 0, nil, &archives) == 0 {
        flags += ["-L\(Context.packageDirectory)/Linking", "-Xlinker", "-lgcc_eh"]
    }
    return flags
}

/// Only for scripts/fuzz: nothing else links against a fuzzer.
let fuzzing: [Target] =
    Context.environment["WEFT_FUZZING"] == nil
    ? []
    : [
        .target(name: "CLibFuzzer", path: "Fuzzing/CLibFuzzer"),
        .executableTarget(name: "weft-fuzz", dependencies: ["CLibFuzzer", "FuzzTargets"], path: "Fuzzing/WeftFuzz"),
    ]

let package = Package(
    name: "weft",
    products: [
        .executable(name: "weft", targets: ["weft"]),
        // For those who work on Weft alone: not installed.
        .executable(name: "weft-simulate", targets: ["WeftSimulate"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        // Without its traits: its own readers of files would bring all of Foundation in.
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        // Without its traits: streams of messages would bring all of Foundation in, and with it 40 MB of tables.
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
    ],
    targets: [
        // Vocabulary: words that several rooms speak.
        .target(name: "Timeline"),
        .target(name: "Secrets"),
        .target(name: "IPAddresses"),
        .target(name: "WireGuard", dependencies: ["IPAddresses", "Secrets"]),

        // Pure cores: no input or output, no clock, no randomness of their own.
        .target(name: "Multiformats", dependencies: ["CSecp256k1", "CSodium", "IPAddresses", "Secrets", crypto, cryptoExtras, protobuf]),
        .target(name: "SecureChannel", dependencies: ["CSodium", "Multiformats", "Secrets", asn1, crypto, protobuf]),
        .target(name: "Yamux", dependencies: ["Timeline", deque]),
        .target(name: "PeerConnection", dependencies: ["Multiformats", "SecureChannel", "Timeline", "Yamux", protobuf]),
        .target(name: "GossipSub", dependencies: ["IPAddresses", "Multiformats", "Timeline", crypto, deque, protobuf]),

        .target(name: "AutoNAT", dependencies: ["IPAddresses", "Multiformats", "Timeline"]),
        .target(name: "DNSCodec", dependencies: ["IPAddresses"]),
        .target(name: "PortMapping", dependencies: ["IPAddresses", "Secrets", "Timeline", crypto]),
        .target(name: "LocalDiscovery", dependencies: ["DNSCodec", "IPAddresses", "Multiformats", "Timeline"]),
        .target(name: "NetlinkCodec", dependencies: ["CLinux", "IPAddresses", "Secrets", "WireGuard"]),
        .target(name: "Mesh", dependencies: ["IPAddresses", "Multiformats", "Secrets", "Timeline", "WireGuard", crypto, protobuf]),

        // Adapters: where effects live, one external concern each.
        // Without pkg-config, which would name the shared library: its version differs from one Debian to the next.
        .systemLibrary(name: "CSecp256k1", providers: [.apt(["libsecp256k1-dev"])]),
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .target(name: "CLinux"),
        .target(name: "LoopRuntime", dependencies: ["CLinux", "Timeline", nioCore, nioPosix]),
        .target(
            name: "TLSChannel", dependencies: ["Multiformats", "SecureChannel", crypto, nioCore, nioEmbedded, nioSSL, nioTLS]),
        .target(
            name: "PeerHost",
            dependencies: [
                "AutoNAT", "GossipSub", "IPAddresses", "LoopRuntime", "Multiformats", "PeerConnection", "SecureChannel", "Timeline",
                nioCore, nioPosix,
            ]),
        .target(
            name: "RouterPorts", dependencies: ["IPAddresses", "LoopRuntime", "PortMapping", "Timeline", nioCore, nioHTTP1, nioPosix]),
        .target(name: "MulticastPort", dependencies: ["CLinux", "IPAddresses", "LoopRuntime", nioCore, nioPosix]),
        .target(
            name: "LinuxNetwork", dependencies: ["CLinux", "IPAddresses", "NetlinkCodec", "WireGuard", nioCore, nioPosix]),
        .target(name: "HostProcess", dependencies: ["CLinux"]),
        .target(name: "CChildProcess"),
        .target(name: "UserspaceWireGuard", dependencies: ["CChildProcess", "IPAddresses", "WireGuard", crypto]),
        .target(name: "PrometheusMetrics", dependencies: [coreMetrics]),
        .target(name: "NodeMetrics", dependencies: ["HostProcess", coreMetrics]),
        .target(name: "WebPort", dependencies: ["IPAddresses", "LoopRuntime", nioCore, nioHTTP1, nioPosix]),
        .target(name: "CStatusPage", exclude: ["Page"]),
        .target(name: "LocalAPI", dependencies: ["LoopRuntime", nioCore, nioPosix]),
        .target(name: "Diagnosis", dependencies: ["IPAddresses"]),
        .target(name: "Naming", dependencies: ["CLinux", "DNSCodec", "IPAddresses", "LoopRuntime", nioCore, nioPosix]),

        // What the user decides.
        .systemLibrary(name: "CQREncode", pkgConfig: "libqrencode", providers: [.apt(["libqrencode-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "Settings", dependencies: ["CYAML", configuration]),
        .target(name: "Ancestors", dependencies: ["Settings"]),

        // Composition, and the commands.
        .target(
            name: "WeftDaemon",
            dependencies: [
                "AutoNAT", "CLinux", "CStatusPage", "DNSCodec", "Diagnosis", "GossipSub", "HostProcess", "IPAddresses", "LinuxNetwork",
                "LocalAPI",
                "LocalDiscovery", "LoopRuntime", "Mesh", "MulticastPort", "Multiformats", "Naming", "NetlinkCodec", "NodeMetrics",
                "PeerConnection", "PeerHost", "PortMapping", "PrometheusMetrics", "RouterPorts", "SecureChannel", "TLSChannel", "Timeline",
                "UserspaceWireGuard", "WebPort", "WireGuard", coreMetrics, crypto, logging, nioCore, nioPosix,
            ]),
        .executableTarget(
            name: "weft",
            dependencies: [
                "Ancestors", "CQREncode", "Diagnosis", "IPAddresses", "LocalAPI", "LoopRuntime", "Mesh", "Naming", "Settings", "WeftDaemon",
                argumentParser, logging,
            ],
            linkerSettings: [.unsafeFlags(linkerFlags)]),

        // Tests, and what they share.
        .target(name: "WeftTestKit"),
        .target(name: "WeftLaboratory", dependencies: ["CLinux"]),
        .target(
            name: "MeshSimulation",
            dependencies: ["GossipSub", "IPAddresses", "Mesh", "Multiformats", "PeerHost", "Timeline", "WeftTestKit", "WireGuard"]),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "AutoNAT", "DNSCodec", "GossipSub", "IPAddresses", "LocalDiscovery", "Mesh", "Multiformats", "NetlinkCodec",
                "PeerConnection",
                "SecureChannel", "Timeline", "UserspaceWireGuard", "WeftTestKit", "WireGuard", "Yamux",
            ]),
        .executableTarget(name: "WeftSimulate", dependencies: ["MeshSimulation", argumentParser]),
        .target(
            name: "PeerHostTestKit",
            dependencies: [
                "AutoNAT", "GossipSub", "IPAddresses", "LoopRuntime", "Multiformats", "PeerConnection", "PeerHost", "SecureChannel",
                "TLSChannel", nioCore, nioPosix,
            ]),

        // Benchmarks: `make bench`, `make bench-micro`.
        .executableTarget(name: "MeshBench", dependencies: ["CLinux", "WeftLaboratory"], path: "Benchmarks/MeshBench"),
        .executableTarget(
            name: "MicroBench",
            dependencies: [
                "IPAddresses", "Mesh", "Multiformats", "NetlinkCodec", "SecureChannel", "Timeline", "WireGuard", "Yamux", crypto,
            ],
            path: "Benchmarks/MicroBench"),

        .executableTarget(
            name: "PeerBench", dependencies: ["IPAddresses", "LoopRuntime", "Multiformats", "PeerConnection", "PeerHost", "SecureChannel"],
            path: "Benchmarks/PeerBench"),

        // docs/LIBP2P.md.
        .executableTarget(
            name: "Chat", dependencies: ["GossipSub", "IPAddresses", "LoopRuntime", "Multiformats", "PeerHost"], path: "Examples/Chat"),

        .testTarget(name: "TimelineTests", dependencies: ["Timeline"]),
        .testTarget(name: "IPAddressesTests", dependencies: ["IPAddresses"]),
        .testTarget(name: "WireGuardTests", dependencies: ["WireGuard"]),
        .testTarget(name: "MultiformatsTests", dependencies: ["IPAddresses", "Multiformats", "WeftTestKit", crypto]),
        .testTarget(name: "SecureChannelTests", dependencies: ["CSodium", "Multiformats", "SecureChannel", "WeftTestKit", crypto]),
        .testTarget(
            name: "TLSChannelTests",
            dependencies: [
                "Multiformats", "PeerConnection", "SecureChannel", "TLSChannel", "Timeline", "WeftTestKit", crypto, nioCore, nioEmbedded,
                nioSSL,
            ]),
        .testTarget(name: "YamuxTests", dependencies: ["Timeline", "WeftTestKit", "Yamux"]),
        .testTarget(name: "GossipSubTests", dependencies: ["GossipSub", "IPAddresses", "Multiformats", "Timeline", "WeftTestKit"]),
        .testTarget(name: "AutoNATTests", dependencies: ["AutoNAT", "IPAddresses", "Multiformats", "Timeline", "WeftTestKit"]),
        .testTarget(
            name: "PeerConnectionTests",
            dependencies: ["IPAddresses", "Multiformats", "PeerConnection", "SecureChannel", "Timeline", "WeftTestKit", "Yamux"]),
        .testTarget(
            name: "PeerHostTests",
            dependencies: [
                "AutoNAT", "GossipSub", "IPAddresses", "Multiformats", "PeerConnection", "PeerHost", "PeerHostTestKit", nioCore, nioPosix,
            ]),
        .testTarget(
            name: "InteropTests",
            dependencies: [
                "AutoNAT", "GossipSub", "IPAddresses", "Multiformats", "PeerConnection", "PeerHost", "PeerHostTestKit", "SecureChannel",
                "WeftLaboratory", "weft", crypto,
            ]),
        .testTarget(
            name: "MeshTests",
            dependencies: ["IPAddresses", "Mesh", "Multiformats", "Timeline", "WeftTestKit", "WireGuard", crypto, protobuf]),
        .testTarget(name: "AncestorsTests", dependencies: ["Ancestors", "Settings", "WeftTestKit"]),
        .testTarget(name: "DiagnosisTests", dependencies: ["Diagnosis", "IPAddresses"]),
        .testTarget(
            name: "PrometheusMetricsTests",
            dependencies: ["HostProcess", "NodeMetrics", "PrometheusMetrics", "WeftTestKit", coreMetrics]),
        .testTarget(name: "NodeMetricsTests", dependencies: ["HostProcess", "NodeMetrics", "PrometheusMetrics", coreMetrics]),
        .testTarget(
            name: "WebPortTests", dependencies: ["IPAddresses", "LoopRuntime", "WebPort", "WeftTestKit", nioCore, nioEmbedded, nioPosix]),
        .testTarget(name: "DNSCodecTests", dependencies: ["DNSCodec", "IPAddresses", "WeftTestKit"]),
        .testTarget(
            name: "LocalDiscoveryTests",
            dependencies: ["DNSCodec", "IPAddresses", "LocalDiscovery", "Multiformats", "Timeline", "WeftTestKit"]),
        .testTarget(name: "NetlinkCodecTests", dependencies: ["CLinux", "IPAddresses", "NetlinkCodec", "WeftTestKit", "WireGuard"]),
        .testTarget(
            name: "LinuxNetworkTests",
            dependencies: [
                "CLinux", "IPAddresses", "LinuxNetwork", "NetlinkCodec", "WeftTestKit", "WireGuard", nioConcurrencyHelpers, nioCore,
                nioEmbedded, nioPosix,
            ]),
        .testTarget(
            name: "UserspaceWireGuardTests",
            dependencies: ["CChildProcess", "IPAddresses", "UserspaceWireGuard", "WeftLaboratory", "WeftTestKit", "WireGuard"]),
        .testTarget(
            name: "LoopRuntimeTests", dependencies: ["LoopRuntime", "Timeline", nioConcurrencyHelpers, nioCore, nioEmbedded, nioPosix]),
        .testTarget(name: "HostProcessTests", dependencies: ["HostProcess"]),
        .testTarget(name: "LocalAPITests", dependencies: ["LocalAPI", "LoopRuntime", "Timeline", nioCore, nioPosix]),
        .testTarget(
            name: "NamingTests",
            dependencies: ["CLinux", "DNSCodec", "IPAddresses", "LoopRuntime", "Naming", "WeftTestKit", nioCore, nioEmbedded, nioPosix]),
        .testTarget(
            name: "WeftDaemonTests",
            dependencies: [
                "GossipSub", "IPAddresses", "LinuxNetwork", "LocalAPI", "LocalDiscovery", "LoopRuntime", "Mesh", "Multiformats",
                "NetlinkCodec",
                "PeerConnection", "PeerHost", "Timeline", "UserspaceWireGuard", "WeftDaemon", "WeftTestKit", "WireGuard", logging, nioPosix,
            ]),
        .testTarget(name: "SettingsTests", dependencies: ["Settings", "WeftTestKit"]),
        .testTarget(
            name: "WeftCommandTests",
            dependencies: [
                "IPAddresses", "LocalAPI", "Mesh", "Settings", "WeftDaemon", "WeftTestKit", "WireGuard", "weft", argumentParser, logging,
            ]),
        .testTarget(name: "MeshSimulationTests", dependencies: ["MeshSimulation"]),
        .testTarget(name: "FuzzTargetsTests", dependencies: ["FuzzTargets"]),
        .testTarget(name: "PortMappingTests", dependencies: ["IPAddresses", "PortMapping", "Timeline", "WeftTestKit"]),
        .testTarget(
            name: "RouterPortsTests",
            dependencies: [
                "CLinux", "IPAddresses", "LoopRuntime", "PortMapping", "RouterPorts", "Timeline", "WeftLaboratory", nioCore, nioPosix,
            ]),
        .testTarget(name: "HouseTests"),
        .testTarget(name: "WeftLaboratoryTests", dependencies: ["WeftLaboratory"]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "IPAddresses", "Mesh", "Multiformats", "SecureChannel", "TLSChannel", "WeftLaboratory", "WeftTestKit", "WireGuard", "weft",
            ]),
    ] + fuzzing,
    swiftLanguageModes: [.v6]
)

// For scripts/libp2p-test: libp2p by itself, that is the example, the rooms that it is made of, and their tests.
if Context.environment["WEFT_LIBP2P_ALONE"] != nil {
    let tests = [
        "TimelineTests", "IPAddressesTests", "MultiformatsTests", "SecureChannelTests", "TLSChannelTests", "YamuxTests",
        "PeerConnectionTests",
        "GossipSubTests", "AutoNATTests", "LoopRuntimeTests", "PeerHostTests",
    ]
    var wanted = Set(["Chat"] + tests)
    var found = 0
    while found < wanted.count {
        found = wanted.count
        for target in package.targets where wanted.contains(target.name) {
            for case .byNameItem(let name, _) in target.dependencies { wanted.insert(name) }
        }
    }
    package.targets.removeAll { !wanted.contains($0.name) }
    package.products = []
}
