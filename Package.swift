// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "weft",
    targets: [
        .target(name: "Timeline"),
        .target(name: "IPAddresses"),
        .target(name: "WireGuard", dependencies: ["IPAddresses"]),
        .testTarget(name: "TimelineTests", dependencies: ["Timeline"]),
        .testTarget(name: "IPAddressesTests", dependencies: ["IPAddresses"]),
        .testTarget(name: "WireGuardTests", dependencies: ["WireGuard"]),
    ],
    swiftLanguageModes: [.v6]
)
