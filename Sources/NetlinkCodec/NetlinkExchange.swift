import CLinux

/// What the kernel answered when it refused.
package struct NetlinkFailure: Error, Hashable, Sendable {
    /// Positive, e.g. `EPERM`.
    package let errno: Int32
    /// The kernel's own words (`NLMSGERR_ATTR_MSG`), where it had any. Printable, at most `maximumTextLength` characters.
    package let text: String?

    package static let maximumTextLength = 200

    package init(errno: Int32, text: String? = nil) {
        self.errno = errno
        self.text = text.map { String($0.prefix(Self.maximumTextLength).map { $0.isPlain ? $0 : "?" }) }
    }
}

extension Character {
    fileprivate var isPlain: Bool { asciiValue.map { (0x20...0x7e).contains($0) } ?? false }
}

/// One request and its answer: takes the datagrams that arrive and says when the answer is whole.
///
/// Messages with another sequence number or port id are leftovers of an earlier request and are passed over.
package struct NetlinkExchange: Sendable {
    package enum Progress: Hashable, Sendable {
        /// Read another datagram.
        case more
        /// The answer is whole.
        case finished
        /// The answer is whole, but what it shows changed meanwhile (`NLM_F_DUMP_INTR`): ask again.
        case interrupted
        /// The kernel refused.
        case failed(NetlinkFailure)
    }

    private let sequence: UInt32
    private let portID: UInt32
    private let isDump: Bool
    private var datagramsLeft: Int
    private var wasInterrupted = false

    package init(of request: NetlinkRequest, sequence: UInt32, portID: UInt32, limits: NetlinkLimits = NetlinkLimits()) {
        self.sequence = sequence
        self.portID = portID
        self.isDump = request.isDump
        self.datagramsLeft = limits.datagramsPerAnswer
    }

    /// Takes one datagram. `collect` gets each message of the answer; acknowledgements and the end of a dump are not handed on.
    ///
    /// Throws `limitExceeded` when the answer has more than `NetlinkLimits.datagramsPerAnswer` datagrams.
    package mutating func receive(
        _ datagram: ArraySlice<UInt8>, collect: (NetlinkMessage) throws(NetlinkCodecError) -> Void
    ) throws(NetlinkCodecError) -> Progress {
        guard datagramsLeft > 0 else { throw .limitExceeded }
        datagramsLeft -= 1
        for message in try NetlinkMessage.parse(datagram) where message.sequence == sequence && message.portID == portID {
            if message.flags & UInt16(NLM_F_DUMP_INTR) != 0 { wasInterrupted = true }
            switch Int32(message.type) {
            case NLMSG_NOOP: continue
            case NLMSG_OVERRUN: return .interrupted
            case NLMSG_ERROR, NLMSG_DONE: return try end(message)
            default: try collect(message)
            }
        }
        return .more
    }

    private func end(_ message: NetlinkMessage) throws(NetlinkCodecError) -> Progress {
        if let failure = try message.failure() { return .failed(failure) }
        return isDump && wasInterrupted ? .interrupted : .finished
    }
}

extension NetlinkMessage {
    /// The refusal in an `NLMSG_ERROR` or `NLMSG_DONE` message, `nil` for an acknowledgement.
    ///
    /// Both start with the negative errno. `NLMSG_ERROR` goes on with the header of the request and, unless `NLM_F_CAPPED` is set, its
    /// payload; then come the attributes of the extended acknowledgement if `NLM_F_ACK_TLVS` is set (linux/netlink.h, `struct nlmsgerr`).
    func failure() throws(NetlinkCodecError) -> NetlinkFailure? {
        var reader = ByteReader(payload)
        let code = try reader.number(Int32.self)
        guard code != 0 else { return nil }
        guard (-Int32.max..<0).contains(code) else { throw .badAttribute(0) }
        return NetlinkFailure(errno: -code, text: try? kernelText(&reader))
    }

    private func kernelText(_ reader: inout ByteReader) throws(NetlinkCodecError) -> String? {
        guard flags & UInt16(NLM_F_ACK_TLVS) != 0 else { return nil }
        if Int32(type) == NLMSG_ERROR {
            let length = Int(clamping: UInt32(native: try reader.take(Self.headerLength).prefix(4)))
            guard length >= Self.headerLength else { throw .badLength }
            if flags & UInt16(NLM_F_CAPPED) == 0 { _ = try reader.take(length.netlinkAligned - Self.headerLength) }
        }
        return try NetlinkAttribute.parse(reader.rest).first(NLMSGERR_ATTR_MSG.rawValue)?.text
    }
}
