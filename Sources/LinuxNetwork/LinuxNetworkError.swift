import Glibc
import NetlinkCodec

/// Why the kernel's network could not be read or changed. Its description tells a user what to do next.
package struct LinuxNetworkError: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// Not root, and no CAP_NET_ADMIN.
        case permissionDenied
        /// This kernel, or this interface, cannot do it. On creating a WireGuard interface: no WireGuard in this kernel.
        case notSupported
        /// There is an interface of this name. `owner` is its kind, e.g. `bridge`; `nil` for hardware or if unknown.
        case nameTaken(owner: String?)
        /// Something of this kind is there already and differs from what was asked for.
        case alreadyExists
        /// The UDP port belongs to somebody else.
        case portInUse
        case noSuchInterface
        /// Our request was refused as malformed, or the kernel's answer makes no sense.
        case invalid
        /// Lost or interrupted too often: observe again.
        case overflow
        case timedOut
        case other
    }

    package var kind: Kind
    /// What was tried, e.g. `create interface`.
    package var call: String
    /// The interface concerned, by name or `#index`.
    package var interface: String?
    /// 0 where no system call failed.
    package var errno: Int32
    /// The kernel's own words, if it had any.
    package var kernelText: String?

    package init(_ kind: Kind, call: String, interface: String? = nil, errno: Int32 = 0, kernelText: String? = nil) {
        self.kind = kind
        self.call = call
        self.interface = interface
        self.errno = errno
        self.kernelText = kernelText
    }

    /// With the kind that the errno usually means.
    init(errno: Int32, text: String? = nil, call: String, interface: String? = nil) {
        self.init(Kind(errno: errno), call: call, interface: interface, errno: errno, kernelText: text)
    }
}

extension LinuxNetworkError.Kind {
    init(errno: Int32) {
        switch errno {
        case EPERM, EACCES: self = .permissionDenied
        case EOPNOTSUPP, EPROTONOSUPPORT, EAFNOSUPPORT, ENOPROTOOPT, ENOSYS: self = .notSupported
        case ENODEV, ENXIO: self = .noSuchInterface
        case EEXIST: self = .alreadyExists
        case EADDRINUSE: self = .portInUse
        case EINVAL, ERANGE, EMSGSIZE, EBADMSG: self = .invalid
        case ENOBUFS: self = .overflow
        case EAGAIN, ETIMEDOUT: self = .timedOut
        default: self = .other
        }
    }
}

extension LinuxNetworkError: CustomStringConvertible {
    /// `cannot create interface weft0: permission denied (Operation not permitted). Run as root, or …`
    package var description: String {
        let target = interface.map { " \($0)" } ?? ""
        let reasons = [errno == 0 ? nil : String(cString: strerror(errno)), kernelText].compactMap { $0 }
        let reason = reasons.isEmpty ? "" : " (\(reasons.joined(separator: "; ")))"
        return "cannot \(call)\(target): \(summary)\(reason). \(advice)"
    }

    private var summary: String {
        switch kind {
        case .permissionDenied: "permission denied"
        case .notSupported: "not supported here"
        case .nameTaken(let owner): "the name is taken by \(owner.map { "an interface of kind \($0)" } ?? "another interface")"
        case .alreadyExists: "it exists already and is different"
        case .portInUse: "the port is in use"
        case .noSuchInterface: "there is no such interface"
        case .invalid: "refused as invalid"
        case .overflow: "the kernel's answer was lost or kept changing"
        case .timedOut: "the kernel did not answer in time"
        case .other: "the kernel refused"
        }
    }

    private var advice: String {
        switch kind {
        case .permissionDenied: "Run as root, or give the program the capability CAP_NET_ADMIN"
        case .notSupported: "Use a kernel that has this feature (Linux 5.6 or newer with the wireguard module for WireGuard)"
        case .nameTaken: "Choose another name, or delete that interface if nothing needs it"
        case .alreadyExists: "Remove the existing one, or choose another range"
        case .portInUse: "Choose another port, or stop the program that uses it"
        case .noSuchInterface: "It may have been removed meanwhile; start again to create it anew"
        case .invalid: "Check the name and the numbers given; if they are right, this is a bug"
        case .overflow, .timedOut: "The machine may be overloaded; it is tried again"
        case .other: "See the kernel's log for more"
        }
    }
}
