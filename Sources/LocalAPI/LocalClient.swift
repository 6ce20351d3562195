import FoundationEssentials
import Glibc

/// The commands' side of the local socket: blocking, one question, one answer.
package enum LocalClient {
    /// Longer answers are refused: 20,000 members take some 8 MiB.
    package static let maximumResponseBytes = 64 << 20
    /// How long the node may take for what it knows.
    package static let patienceSeconds = 10

    /// Asks the node that listens at `path`.
    package static func ask(
        _ request: LocalRequest, at path: String, patienceSeconds: Int = patienceSeconds
    ) throws(LocalAPIError) -> LocalResponse {
        let socket = try send(request, to: path)
        limit(socket, [SO_RCVTIMEO], seconds: patienceSeconds)
        defer { close(socket) }
        let answer = try readAll(from: socket, path)
        guard let response = try? JSONDecoder().decode(LocalResponse.self, from: answer) else { throw .noAnswer(path: path) }
        return response
    }

    /// Asks for what comes without end. The connected socket is the caller's; it waits as long as it takes.
    package static func open(_ request: LocalRequest, at path: String) throws(LocalAPIError) -> CInt {
        let socket = try send(request, to: path)
        limit(socket, [SO_RCVTIMEO], seconds: 0)
        return socket
    }

    private static func send(_ request: LocalRequest, to path: String) throws(LocalAPIError) -> CInt {
        let socket = try connect(to: path)
        var line = (try? LocalJSON.encoder.encode(request)) ?? Data()
        line.append(UInt8(ascii: "\n"))
        guard line.withUnsafeBytes({ Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }) == line.count else {
            close(socket)
            throw .noAnswer(path: path)
        }
        return socket
    }

    /// A connected socket of the caller's.
    static func connect(to path: String) throws(LocalAPIError) -> CInt {
        let bytes = try pathBytes(path)
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .notRunning(path: path) }
        // The second one bounds connect(2) as well, which waits while the backlog is full.
        limit(descriptor, [SO_RCVTIMEO, SO_SNDTIMEO], seconds: patienceSeconds)
        guard withUnixAddress(bytes, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
            let error = errno
            close(descriptor)
            switch error {
            case EACCES, EPERM: throw .permissionDenied(path: path)
            case EAGAIN, EINTR: throw .noAnswer(path: path)
            default: throw .notRunning(path: path)
            }
        }
        return descriptor
    }

    /// Zero: for ever.
    private static func limit(_ socket: CInt, _ options: [CInt], seconds: Int) {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        for option in options { setsockopt(socket, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size)) }
    }

    private static func readAll(from socket: CInt, _ path: String) throws(LocalAPIError) -> Data {
        var answer = Data()
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while answer.count <= maximumResponseBytes {
            let count = recv(socket, &chunk, chunk.count, 0)
            if count == 0 { return answer }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            answer += chunk[..<count]
        }
        throw .noAnswer(path: path)
    }
}

/// A path as it goes into a socket's address.
func pathBytes(_ path: String) throws(LocalAPIError) -> [UInt8] {
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path) else { throw .pathTooLong(path) }
    return bytes
}

/// Calls with the address of the Unix socket at a path of `pathBytes`.
func withUnixAddress<Result>(_ path: [UInt8], _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
}
