import Foundation
import Testing
import WeftLaboratory
import WireGuard

@testable import UserspaceWireGuard

/// wireguard-go on a host of the laboratory. The script replaces itself by the program, so the process is still our child.
func wireguardGo(on host: LabHost, in laboratory: Laboratory) throws -> UserspaceProgram {
    let ip = try #require(Tools.find("ip"))
    let program = try #require(Tools.find("wireguard-go"))
    return try script("exec \(ip) netns exec \(host.namespace) \(program) \"$@\"", in: laboratory.directory)
}

/// A shell script in the place of wireguard-go. Another process writes it: a descriptor of ours that is open for writing could
/// be copied into a child that another test starts just then, and a file that is open for writing cannot be executed.
func script(_ body: String, in directory: String) throws -> UserspaceProgram {
    let path = "\(directory)/\(UUID().uuidString)"
    try Tools.run(["sh", "-c", #"printf '#!/bin/sh\n%s\n' "$1" >"$2" && chmod 755 "$2""#, "sh", body, path])
    return UserspaceProgram(kind: .wireguardGo, path: path)
}

func withTemporaryDirectory<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let directory = "\(NSTemporaryDirectory())weft-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    return try await body(directory)
}

func isAlive(_ id: pid_t) -> Bool { kill(id, 0) == 0 }

func key(_ byte: UInt8) throws -> WireGuardPrivateKey {
    try #require(WireGuardPrivateKey(bytes: [UInt8](repeating: byte, count: 32)))
}
