import WireGuard

/// The text protocol that userspace WireGuard implementations speak on their Unix socket
/// (wireguard.com/xplatform, "Cross-platform Userspace Implementation"). Pure: bytes in, bytes out.
package enum UAPI {
    /// Bounds on what an implementation may answer and on what one request carries.
    package struct Limits: Hashable, Sendable {
        /// A peer takes about 400 bytes.
        package var replyBytes = 64 << 20
        package var lineBytes = 1024
        package var peers = 1 << 16
        package var allowedIPsPerPeer = 1 << 12
        /// Peer sections in one `set=1`: keeps the time short for which the device is locked.
        package var peersPerRequest = 256

        package init() {}
    }

    /// What `get=1` says. The protocol has the private key, not the public one; `boringtun-cli` the other way round.
    package struct Dump: Hashable, Sendable {
        package var privateKey: WireGuardPrivateKey?
        /// As in the dump: its `publicKey` is set only if the implementation says it.
        package var state = DeviceState()

        package init() {}
    }

    /// What is wrong with an answer. `line` counts from 1.
    package enum Fault: Error, Hashable, Sendable {
        /// The implementation refused; the number is positive as in `errno.h`, whatever sign it used.
        case refused(errno: Int32)
        case replyTooLong
        case lineTooLong(line: Int)
        /// No `errno=` line at the end: the answer was cut.
        case incomplete
        case malformed(line: Int, key: String)
        case tooManyPeers
        case tooManyAllowedIPs
    }
}
