import Glibc
import LocalAPI
import LoopRuntime
import NIOPosix
import Testing

/// A folder for one test, gone afterwards.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/weft-local-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } }
        path = try #require(made)
    }

    deinit {
        for entry in ["node.sock", "made/node.sock"] { unlink("\(path)/\(entry)") }
        rmdir("\(path)/made")
        rmdir(path)
    }
}

/// A server in a folder of its own, on a loop of its own.
func withServer(
    answer: @escaping @Sendable (LocalRequest) async -> LocalResponse = { _ in LocalResponse(token: "answer") },
    _ body: (_ path: String, _ executor: LoopExecutor) async throws -> Void
) async throws {
    let folder = try TemporaryFolder()
    try await withLoop { executor in
        let path = "\(folder.path)/node.sock"
        let server = try await LocalServer.start(LocalSocket(at: path), on: executor, answer: answer)
        do { try await body(path, executor) } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }
}

func withLoop(_ body: (LoopExecutor) async throws -> Void) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    do { try await body(LoopExecutor(group.next())) } catch {
        try? await group.shutdownGracefully()
        throw error
    }
    try await group.shutdownGracefully()
}

/// A client that says whatever a test wants it to.
final class RawClient {
    private let descriptor: CInt

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let result = withSocketAddress(path) { connect(descriptor, $0, $1) }
        try #require(result == 0)
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
    }

    func send(_ text: String) {
        var bytes = Array(text.utf8)
        _ = Glibc.send(descriptor, &bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Everything up to the end of the connection; `nil` if it does not end, or is reset.
    func readAll() -> String? {
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count == 0 { return String(decoding: text, as: UTF8.self) }
            guard count > 0 else { return errno == ECONNRESET ? "" : nil }
            text += chunk[..<count]
        }
    }
}

/// Calls with an address of a Unix socket.
func withSocketAddress<Result>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
}

/// A socket that is bound, and listens if `backlog` says so.
func boundSocket(_ path: String, backlog: CInt? = nil) throws -> CInt {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    try #require(withSocketAddress(path) { bind(descriptor, $0, $1) } == 0)
    if let backlog { try #require(listen(descriptor, backlog) == 0) }
    return descriptor
}

func mode(of path: String) -> mode_t? {
    var information = stat()
    return lstat(path, &information) == 0 ? information.st_mode & 0o7777 : nil
}
