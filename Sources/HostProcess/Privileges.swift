import CLinux
import Glibc

/// What this process may do (capabilities(7)). It needs CAP_NET_ADMIN, and nothing else for long.
package enum Privileges {
    /// Whether this process may set up network interfaces.
    package static var hasNetAdmin: Bool { weft_has_capability(CAP_NET_ADMIN) }

    package static var isRoot: Bool { geteuid() == 0 }

    /// Becomes `user` if it is root, and keeps CAP_NET_ADMIN alone, for good: no program that it starts can gain more.
    ///
    /// Call it before the first thread is started, and when all is open that only root can open.
    package static func giveUp(for user: ServiceUser) throws(HostProcessError) {
        if isRoot, weft_change_user(user.id, user.group, CAP_NET_ADMIN) != 0 { throw .cannotBecome(user.id, errno: errno) }
        guard weft_keep_only_capability(CAP_NET_ADMIN) == 0 else { throw .cannotGiveUp(errno: errno) }
    }
}
