/// Bounds of everything that is read from the kernel or sent to it.
package struct NetlinkLimits: Hashable, Sendable {
    /// The most bytes of one request, header included. A nested attribute ends at 65,535 bytes and a socket's send buffer is
    /// at least 4 KiB, in practice 208 KiB. Held to 1,024 ... 61,440.
    package var requestBytes: Int {
        didSet { requestBytes = Self.held(requestBytes) }
    }
    /// The most datagrams of one answer. The kernel fills up to 32 KiB each.
    package var datagramsPerAnswer: Int
    /// The most peers of one device: what the kernel's own `MAX_PEERS_PER_DEVICE` says.
    package var peersPerDevice: Int
    /// The most allowed IPs of one device, all peers together.
    package var allowedIPsPerDevice: Int
    /// How often a dump is tried that changed while it was read (`NLM_F_DUMP_INTR`) or did not fit (`ENOBUFS`).
    package var dumpAttempts: Int

    package init(
        requestBytes: Int = 32_768, datagramsPerAnswer: Int = 16_384, peersPerDevice: Int = 1 << 20, allowedIPsPerDevice: Int = 1 << 22,
        dumpAttempts: Int = 8
    ) {
        self.requestBytes = Self.held(requestBytes)
        self.datagramsPerAnswer = datagramsPerAnswer
        self.peersPerDevice = peersPerDevice
        self.allowedIPsPerDevice = allowedIPsPerDevice
        self.dumpAttempts = dumpAttempts
    }

    private static func held(_ bytes: Int) -> Int { min(max(bytes, 1_024), 61_440) }
}
