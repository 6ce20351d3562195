import NetlinkCodec

/// Opens a netlink socket when it is first needed, and anew after it failed; gives errors their context.
struct NetlinkPort {
    private let number: Int32
    private let limits: NetlinkLimits
    private var socket: NetlinkSocket?

    init(protocol number: Int32, limits: NetlinkLimits) {
        self.number = number
        self.limits = limits
    }

    @discardableResult
    mutating func request(
        _ request: NetlinkRequest, call: String, interface: String? = nil
    ) throws(LinuxNetworkError) -> [NetlinkMessage] {
        try with(call: call, interface: interface) { socket throws(NetlinkSocketError) in try socket.request(request) }
    }

    /// Reads a dump, from the start again and on a fresh socket if some of it was lost or it changed meanwhile, at most
    /// `NetlinkLimits.dumpAttempts` times.
    mutating func dump<Result>(
        _ request: NetlinkRequest, into initial: Result, call: String, interface: String? = nil,
        _ add: (inout Result, NetlinkMessage) throws(NetlinkCodecError) -> Void
    ) throws(LinuxNetworkError) -> Result {
        for _ in 0..<limits.dumpAttempts {
            let result = try with(call: call, interface: interface) { socket throws(NetlinkSocketError) -> Result? in
                do throws(NetlinkSocketError) {
                    return try socket.dump(request, into: initial, add)
                } catch .lost {
                    return nil
                }
            }
            if let result { return result }
            socket = nil
        }
        throw LinuxNetworkError(.overflow, call: call, interface: interface)
    }

    private mutating func with<Result>(
        call: String, interface: String?, _ body: (NetlinkSocket) throws(NetlinkSocketError) -> Result
    ) throws(LinuxNetworkError) -> Result {
        let open: NetlinkSocket
        if let socket { open = socket } else { open = try NetlinkSocket(protocol: number, limits: limits) }
        socket = open
        do throws(NetlinkSocketError) {
            return try body(open)
        } catch {
            throw failure(error, call: call, interface: interface)
        }
    }

    private mutating func failure(_ error: NetlinkSocketError, call: String, interface: String?) -> LinuxNetworkError {
        switch error {
        case .refused(let failure):
            return LinuxNetworkError(errno: failure.errno, text: failure.text, call: call, interface: interface)
        case .lost:
            socket = nil
            return LinuxNetworkError(.overflow, call: call, interface: interface)
        case .system(let number, let step):
            socket = nil
            return LinuxNetworkError(errno: number, text: step, call: call, interface: interface)
        case .codec(.limitExceeded):
            socket = nil
            return LinuxNetworkError(.overflow, call: call, interface: interface, kernelText: "longer than the limits allow")
        case .codec(let reason):
            socket = nil
            return LinuxNetworkError(.invalid, call: call, interface: interface, kernelText: "unreadable answer: \(reason)")
        }
    }
}
