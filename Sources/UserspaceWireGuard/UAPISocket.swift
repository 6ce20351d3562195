import CChildProcess

#if canImport(Glibc)
    import Glibc
#endif

func uapiSocketPath(_ interface: String) -> String {
    "\(UserspaceProgram.socketFolder)/\(interface).sock"
}

/// One connection to a program's socket: a request, an answer, the end.
struct UAPISocket: ~Copyable {
    private let descriptor: Int32

    /// `timeout` bounds every single read and write.
    init(path: String, timeout: Duration) throws(SystemError) {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError("socket") }
        setTimeout(descriptor, timeout)
        let error = connectTo(path, descriptor)
        guard error == 0 else {
            close(descriptor)
            throw SystemError("connect \(path)", errno: error)
        }
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Process id of who listens: 0 if it is in a foreign pid namespace, -1 if unknown.
    var peerProcess: pid_t { weft_peer_process(descriptor) }

    /// Sends the request and reads one whole answer of at most `limit` bytes, before `deadline`.
    func exchange(_ request: [UInt8], limit: Int, deadline: ContinuousClock.Instant) throws(SystemError) -> [UInt8] {
        try sendAll(request)
        var reply: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while !UAPI.isComplete(reply) {
            guard ContinuousClock.now < deadline else { throw SystemError("recv", errno: EAGAIN) }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 {
                reply += buffer[..<count]
                guard reply.count <= limit else { throw SystemError("recv", errno: EMSGSIZE) }
            } else if count == 0 {
                return reply
            } else if errno != EINTR {
                throw SystemError("recv")
            }
        }
        return reply
    }

    private func sendAll(_ request: [UInt8]) throws(SystemError) {
        var sent = 0
        while sent < request.count {
            let count = request[sent...].withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count > 0 {
                sent += count
            } else if errno != EINTR {
                throw SystemError("send")
            }
        }
    }
}

private func setTimeout(_ descriptor: Int32, _ timeout: Duration) {
    let (seconds, attoseconds) = timeout.components
    // All zero would mean no timeout at all.
    var value = timeval(tv_sec: Int(seconds), tv_usec: max(1, Int(attoseconds / 1_000_000_000_000)))
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
        setsockopt(descriptor, SOL_SOCKET, option, &value, socklen_t(MemoryLayout<timeval>.size))
    }
}

/// 0, or an `errno`.
private func connectTo(_ path: String, _ descriptor: Int32) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let fits = withUnsafeMutableBytes(of: &address.sun_path) { destination in
        guard path.utf8.count < destination.count else { return false }
        destination.copyBytes(from: path.utf8)
        return true
    }
    guard fits else { return ENAMETOOLONG }
    let result = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
    return result == 0 ? 0 : errno
}
