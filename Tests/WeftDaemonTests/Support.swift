import Foundation
import Glibc
import IPAddresses
import Mesh
import Multiformats
import NetlinkCodec
import Testing

@testable import WeftDaemon

func prefix(_ text: String) throws -> IPPrefix { try #require(IPPrefix(text)) }

func secret(_ byte: UInt8) throws -> MeshSecret { try #require(MeshSecret(bytes: [UInt8](repeating: byte, count: 32))) }

func overlay(_ texts: String...) throws -> OverlayRanges { try OverlayRanges(texts.map(prefix)) }

func token(_ byte: UInt8, _ range: String = "10.7.0.0/16") throws -> JoinToken {
    let peer = try Identity(seed: [UInt8](repeating: byte, count: 32)).peerID
    let address = Multiaddr(tcp: try #require(SocketAddress("192.0.2.1:10042")))
    return JoinToken(secret: try secret(byte), overlay: try overlay(range), bootstrap: [.init(peer: peer, addresses: [address])])
}

func settings(_ adjust: (inout DaemonSettings) throws -> Void = { _ in }) throws -> DaemonSettings {
    var settings = DaemonSettings(name: NodeName(hostname: "host-a"), stateDirectory: "/nowhere", socketPath: "/nowhere.sock")
    try adjust(&settings)
    return settings
}

/// A folder for one test, with all that is in it gone afterwards.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/weft-daemon-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } }
        path = try #require(made)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o600) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode)
    _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    fchmod(descriptor, mode)
    close(descriptor)
}

func read(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    return count >= 0 ? Array(bytes[..<count]) : nil
}

func mode(of path: String) -> mode_t? {
    var information = stat()
    return lstat(path, &information) == 0 ? information.st_mode & 0o7777 : nil
}
