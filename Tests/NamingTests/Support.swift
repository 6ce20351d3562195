import CLinux
import DNSCodec
import Foundation
import IPAddresses
import Testing

@testable import Naming

/// A folder for one test, gone afterwards.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/weft-naming-\(UInt64.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Names of all that is in it, in order.
    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }

    @discardableResult
    func write(_ text: String, to name: String = "hosts") throws -> String {
        try bytes(text).withUnsafeBytes { try Data($0).write(to: URL(fileURLWithPath: "\(path)/\(name)")) }
        return "\(path)/\(name)"
    }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func content(_ path: String) -> String {
    // By hand: where opening has to wait, Foundation does not.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    defer { close(descriptor) }
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let count = read(descriptor, &chunk, chunk.count), count > 0 { text += chunk[..<count] }
    return String(decoding: text, as: UTF8.self)
}

func lines(_ path: String) -> [String] {
    content(path).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
}

func status(_ path: String) -> stat {
    var status = stat()
    lstat(path, &status)
    return status
}

func append(_ text: String, to path: String) {
    let descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    defer { close(descriptor) }
    _ = bytes(text).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
}

/// As `sed -i` and editors do: a whole new file takes the place of the old one.
func replace(_ path: String, _ change: ([String]) -> [String]) {
    let temporary = "\(path).other"
    let text = change(lines(path)).joined(separator: "\n")
    _ = FileManager.default.createFile(atPath: temporary, contents: Data(text.utf8))
    rename(temporary, path)
}

/// Texts of the tests themselves: one that is no address fails the test that uses it.
func address(_ text: String) -> IPAddress { IPAddress(text) ?? IPAddress(family: .ipv4, value: 0) }

func name(_ text: String) throws -> DNSName { try #require(DNSName(text)) }

func block(_ interface: String = "weft0") throws -> HostsBlock {
    try #require(HostsBlock(interface: interface, domain: name("weft")))
}

let twoHosts = [
    Zone.Entry(name: "host-b", addresses: [address("10.1.2.4")]),
    Zone.Entry(name: "host-a", addresses: [address("fd00:7::1"), address("10.1.2.3")]),
]

let twoHostsBlock = """
    # BEGIN weft weft0 (written by weft, changes here are lost)
    10.1.2.3 host-a.weft host-a
    fd00:7::1 host-a.weft host-a
    10.1.2.4 host-b.weft host-b
    # END weft weft0

    """

/// Something that may be read and changed by several threads.
final class Shared<Value: Sendable>: @unchecked Sendable {  // the lock is held whenever the value is touched
    private let lock = NSLock()
    private var storage: Value

    init(_ value: Value) {
        storage = value
    }

    func withValue<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        lock.lock()
        defer { lock.unlock() }
        return try body(&storage)
    }
}

/// Runs on a thread of its own, which may be moved into namespaces: it ends with the test.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Swift.Result(catching: body)) }.start()
    }
}

enum Machine {
    /// Mounts need CAP_SYS_ADMIN.
    static let canMount = weft_has_capability(CAP_SYS_ADMIN)
}

/// With mounts of its own.
func withMounts<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await onThread {
        try #require(weft_unshare_mounts() == 0)
        return try body()
    }
}
