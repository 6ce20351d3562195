import CLinux
import Glibc
import NetlinkCodec

/// A netlink socket for requests, owned by one actor.
///
/// The kernel works off a request inside `send` and has the answer queued when that returns, so reading it does not wait: the calls are
/// synchronous. A receive timeout stands guard all the same. After an error other than the kernel's refusal the socket is of no more
/// use, for leftovers may be queued: the owner drops it and opens another.
final class NetlinkSocket {
    /// The kernel fills datagrams of a dump up to 32 KiB.
    static let receiveBufferBytes = 65_536
    /// Guards against a kernel that does not answer.
    static let receiveTimeoutSeconds = 5
    /// How often in a row a call may be interrupted by a signal.
    static let interruptionLimit = 100

    private let descriptor: FileDescriptor
    private let portID: UInt32
    private let limits: NetlinkLimits
    private var sequence: UInt32 = 0
    private var buffer = [UInt8](repeating: 0, count: receiveBufferBytes)

    /// - Parameter protocol: `NETLINK_ROUTE` or `NETLINK_GENERIC`.
    init(protocol: Int32, limits: NetlinkLimits) throws(LinuxNetworkError) {
        descriptor = try FileDescriptor(socket: AF_NETLINK, type: Int32(SOCK_RAW.rawValue), protocol: `protocol`)
        // Older kernels lack some of these; all is checked again here.
        descriptor.set(SOL_NETLINK, NETLINK_EXT_ACK, to: Int32(1))
        descriptor.set(SOL_NETLINK, NETLINK_CAP_ACK, to: Int32(1))
        descriptor.set(SOL_NETLINK, NETLINK_GET_STRICT_CHK, to: Int32(1))
        descriptor.set(SOL_SOCKET, SO_RCVTIMEO, to: timeval(tv_sec: Self.receiveTimeoutSeconds, tv_usec: 0))
        portID = try descriptor.bindNetlink()
        self.limits = limits
    }

    /// Carries out a request that is acknowledged and returns what else the kernel answered.
    func request(_ request: NetlinkRequest) throws(NetlinkSocketError) -> [NetlinkMessage] {
        var answer: [NetlinkMessage] = []
        switch try exchange(request, collect: { message throws(NetlinkCodecError) in answer.append(message) }) {
        case .failed(let failure): throw .refused(failure)
        case .interrupted: throw .lost
        case .finished, .more: return answer
        }
    }

    /// Reads a dump. Throws `lost` if some of it was, or if it changed meanwhile.
    func dump<Result>(
        _ request: NetlinkRequest, into initial: Result, _ add: (inout Result, NetlinkMessage) throws(NetlinkCodecError) -> Void
    ) throws(NetlinkSocketError) -> Result {
        var result = initial
        switch try exchange(request, collect: { message throws(NetlinkCodecError) in try add(&result, message) }) {
        case .finished: return result
        case .failed(let failure) where failure.errno == EINTR: throw .lost
        case .failed(let failure): throw .refused(failure)
        case .interrupted, .more: throw .lost
        }
    }

    private func exchange(
        _ request: NetlinkRequest, collect: (NetlinkMessage) throws(NetlinkCodecError) -> Void
    ) throws(NetlinkSocketError) -> NetlinkExchange.Progress {
        sequence &+= 1
        try send(request.encoded(sequence: sequence, portID: portID))
        var exchange = NetlinkExchange(of: request, sequence: sequence, portID: portID, limits: limits)
        while true {
            guard let count = try receive() else { return .interrupted }
            let progress: NetlinkExchange.Progress
            do throws(NetlinkCodecError) {
                progress = try exchange.receive(buffer[..<count], collect: collect)
            } catch {
                throw .codec(error)
            }
            if progress != .more { return progress }
        }
    }

    private func send(_ bytes: [UInt8]) throws(NetlinkSocketError) {
        var kernel = sockaddr_nl()
        kernel.nl_family = sa_family_t(AF_NETLINK)
        let result = Self.retrying {
            withUnsafePointer(to: &kernel) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(descriptor.number, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
                }
            }
        }
        guard result == bytes.count else { throw .system(result < 0 ? errno : EIO, "send") }
    }

    /// One datagram from the kernel into `buffer`; `nil` if some were lost (`ENOBUFS`).
    private func receive() throws(NetlinkSocketError) -> Int? {
        for _ in 0..<limits.datagramsPerAnswer {
            var sender = sockaddr_nl()
            var length = socklen_t(MemoryLayout<sockaddr_nl>.size)
            let count = Self.retrying {
                withUnsafeMutablePointer(to: &sender) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        recvfrom(descriptor.number, &buffer, Self.receiveBufferBytes, Int32(MSG_TRUNC), $0, &length)
                    }
                }
            }
            if count < 0 {
                guard errno == ENOBUFS else { throw .system(errno, "receive") }
                return nil
            }
            // With MSG_TRUNC the whole length is told even if the buffer is shorter.
            guard count <= Self.receiveBufferBytes else { throw .codec(.badLength) }
            // Port id 0 is the kernel's: other processes can send here, too.
            if sender.nl_pid == 0, length == socklen_t(MemoryLayout<sockaddr_nl>.size) { return count }
        }
        throw .codec(.limitExceeded)
    }

    /// Repeats a call that a signal interrupted.
    private static func retrying(_ call: () -> Int) -> Int {
        for _ in 0..<interruptionLimit {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
        return -1
    }
}

/// What went wrong on a netlink socket, before it is known what for.
enum NetlinkSocketError: Error {
    /// The kernel's answer. The socket is as good as before.
    case refused(NetlinkFailure)
    /// Answers were lost, or a dump kept changing.
    case lost
    case system(Int32, String)
    case codec(NetlinkCodecError)
}
