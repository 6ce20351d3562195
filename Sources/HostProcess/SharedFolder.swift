import Glibc

/// A folder of sockets below /run, which root owns and in which a service user may make and remove files of its own.
package enum SharedFolder {
    /// Group-writable, and sticky: what is others' stays theirs.
    private static let mode: mode_t = 0o1775

    /// Makes it if need be. Only root can; a folder that is not root's stays as it is.
    package static func prepare(_ path: String, for user: ServiceUser) {
        guard Privileges.isRoot else { return }
        mkdir(path, 0o755)
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard folder >= 0 else { return }
        defer { close(folder) }
        var information = stat()
        guard fstat(folder, &information) == 0, information.st_uid == 0 else { return }
        fchown(folder, 0, user.group)
        fchmod(folder, mode)
    }
}
