import Glibc
import IPAddresses
import NIOCore
import NIOPosix
import Timeline

extension NIOCore.SocketAddress {
    init(_ address: IPAddresses.SocketAddress) throws {
        self = try NIOCore.SocketAddress(ipAddress: address.address.description, port: Int(address.port))
    }

    /// The address in our own words, IPv4 inside IPv6 taken out; `nil` for a Unix socket.
    var plain: IPAddresses.SocketAddress? {
        guard let text = ipAddress, let port, let address = IPAddress(text.prefix { $0 != "%" }.description) else { return nil }
        return IPAddresses.SocketAddress(address.unmapped, port: UInt16(truncatingIfNeeded: port))
    }
}

extension ServerBootstrap {
    /// All connections are read in turns, a piece of each, however much one has to say.
    func childChannelOptions(keepAlive limits: PeerHostLimits) -> ServerBootstrap {
        childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: limits.tcpKeepAliveIdleSeconds)
            .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: limits.tcpKeepAliveIntervalSeconds)
            .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: limits.tcpKeepAliveCount)
            .childChannelOption(.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), value: limits.tcpUserTimeoutMillis)
    }
}

extension ClientBootstrap {
    /// As above.
    func channelOptions(keepAlive limits: PeerHostLimits) -> ClientBootstrap {
        channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: limits.tcpKeepAliveIdleSeconds)
            .channelOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: limits.tcpKeepAliveIntervalSeconds)
            .channelOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: limits.tcpKeepAliveCount)
            .channelOption(.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), value: limits.tcpUserTimeoutMillis)
    }
}

extension PeerHostLimits {
    /// As the kernel wants it.
    fileprivate var tcpUserTimeoutMillis: ChannelOptions.Types.SocketOption.Value {
        .init(clamping: tcpUserTimeout.saturatedNanoseconds / 1_000_000)
    }
}

enum NetworkErrorText {
    /// A sentence for a person.
    static func describe(_ error: any Error) -> String {
        if let error = error as? IOError { return String(cString: strerror(error.errnoCode)) }
        if case .connectTimeout? = error as? ChannelError { return "no answer in time" }
        return "\(error)"
    }
}

extension ListenError {
    init(_ error: any Error, _ address: IPAddresses.SocketAddress) {
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE: self = .addressInUse(address)
        case EADDRNOTAVAIL: self = .addressNotAvailable(address)
        default: self = .other(address, reason: NetworkErrorText.describe(error))
        }
    }
}
