import Glibc
import IPAddresses

/// Asks an address whether packets come there and back: ICMP echo (RFC 792, RFC 4443 section 4).
///
/// By a socket of the kernel's ping service, which needs no privilege where `net.ipv4.ping_group_range` allows it, else by a raw one.
package final class EchoProbe {
    /// What became of one question.
    package enum Answer: Hashable, Sendable {
        case answered(after: Duration)
        case silence
        /// The kernel or a router says that it cannot be delivered.
        case refused(errno: Int32)
    }

    /// Of the data of each question: enough to be told from others'.
    static let payloadBytes = 32

    private let descriptor: CInt
    private let address: IPAddress
    private let isRaw: Bool
    private let identifier = UInt16.random(in: .min ... .max)
    private var sequence: UInt16 = 0

    /// Throws the error number of socket(2) or connect(2).
    package init(_ address: IPAddress) throws(SystemError) {
        self.address = address
        let isIPv4 = address.family == .ipv4
        let (family, transport) = isIPv4 ? (AF_INET, Int32(IPPROTO_ICMP)) : (AF_INET6, Int32(IPPROTO_ICMPV6))
        var kind = Int32(SOCK_DGRAM.rawValue)
        var socket = Glibc.socket(family, kind | Int32(SOCK_CLOEXEC.rawValue), transport)
        if socket < 0 {
            kind = Int32(SOCK_RAW.rawValue)
            socket = Glibc.socket(family, kind | Int32(SOCK_CLOEXEC.rawValue), transport)
        }
        guard socket >= 0 else { throw SystemError(code: errno) }
        descriptor = socket
        isRaw = kind == Int32(SOCK_RAW.rawValue)
        guard Self.connect(socket, to: address) == 0 else {
            let error = SystemError(code: errno)
            close(socket)
            throw error
        }
    }

    deinit { close(descriptor) }

    /// Sends one question and waits for its answer.
    package func ask(patience: Duration) -> Answer {
        sequence &+= 1
        let message = request()
        let began = ContinuousClock.now
        guard message.withUnsafeBytes({ send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }) == message.count else {
            return .refused(errno: errno)
        }
        let deadline = began + patience
        var buffer = [UInt8](repeating: 0, count: 512)
        while true {
            let left = (deadline - .now) / .milliseconds(1)
            guard left > 0 else { return .silence }
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, Int32(min(left.rounded(.up), 60_000))) > 0 else { continue }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count >= 0 else {
                if errno == EINTR || errno == EAGAIN { continue }
                return .refused(errno: errno)
            }
            if isOurs(buffer[..<count]) { return .answered(after: .now - began) }
        }
    }

    // MARK: Messages

    private var requestType: UInt8 { address.family == .ipv4 ? 8 : 128 }
    private var replyType: UInt8 { address.family == .ipv4 ? 0 : 129 }

    /// Type, code, checksum, identifier, sequence number, data.
    private func request() -> [UInt8] {
        var message: [UInt8] = [requestType, 0, 0, 0]
        message += [UInt8(identifier >> 8), UInt8(identifier & 0xff), UInt8(sequence >> 8), UInt8(sequence & 0xff)]
        message += payload
        // The kernel fills it in for IPv6 and for its ping service.
        let sum = Self.checksum(message)
        (message[2], message[3]) = (UInt8(sum >> 8), UInt8(sum & 0xff))
        return message
    }

    private var payload: [UInt8] { (0..<Self.payloadBytes).map { UInt8(truncatingIfNeeded: Int(identifier) + Int(sequence) + $0) } }

    /// The ping service puts an identifier of its own, and hands out answers to it alone; a raw socket sees everybody's, with the IPv4 header.
    private func isOurs(_ packet: ArraySlice<UInt8>) -> Bool {
        var message = packet
        if isRaw, address.family == .ipv4 {
            guard let first = packet.first else { return false }
            message = packet.dropFirst(Int(first & 0xf) * 4)
        }
        let bytes = Array(message)
        guard bytes.count >= 8 + Self.payloadBytes, bytes[0] == replyType else { return false }
        let number = UInt16(bytes[6]) << 8 | UInt16(bytes[7])
        let name = UInt16(bytes[4]) << 8 | UInt16(bytes[5])
        return number == sequence && (!isRaw || name == identifier) && Array(bytes[8...]) == payload
    }

    /// RFC 1071, of an even number of bytes.
    static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum = stride(from: 0, to: bytes.count - 1, by: 2).reduce(UInt32(0)) { $0 + UInt32(bytes[$1]) << 8 + UInt32(bytes[$1 + 1]) }
        while sum > 0xffff { sum = sum >> 16 + sum & 0xffff }
        return ~UInt16(sum)
    }

    private static func connect(_ descriptor: CInt, to address: IPAddress) -> CInt {
        if address.family == .ipv4 {
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            withUnsafeMutableBytes(of: &name.sin_addr) { $0.copyBytes(from: address.bytes) }
            return connect(descriptor, name)
        }
        var name = sockaddr_in6()
        name.sin6_family = sa_family_t(AF_INET6)
        withUnsafeMutableBytes(of: &name.sin6_addr) { $0.copyBytes(from: address.bytes) }
        return connect(descriptor, name)
    }

    private static func connect<Name>(_ descriptor: CInt, _ name: Name) -> CInt {
        withUnsafeBytes(of: name) { bytes in
            guard let start = bytes.baseAddress else { return -1 }
            return Glibc.connect(descriptor, start.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
    }
}

/// What a system call said.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    package let code: Int32

    package var description: String { String(cString: strerror(code)) }
}
