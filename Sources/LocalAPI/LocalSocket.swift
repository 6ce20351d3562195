import Glibc

/// A Unix socket of ours in the file system, bound and not yet listened on: nobody can connect.
package struct LocalSocket: Sendable {
    package let path: String
    let descriptor: CInt

    /// Binds, after a socket that nobody answers on any more is taken away. Only its owner (and root) will be able to open it.
    ///
    /// - Parameter owner: user and group that it shall belong to, if that is not this process's.
    package init(at path: String, owner: (user: UInt32, group: UInt32)? = nil) throws(LocalAPIError) {
        try Self.clear(path)
        self.path = path
        descriptor = try Self.bind(at: path)
        if let owner { lchown(path, owner.user, owner.group) }
    }

    func listen(backlog: Int32) throws(LocalAPIError) {
        guard Glibc.listen(descriptor, backlog) == 0 else {
            throw .cannotListen(path: path, reason: String(cString: strerror(errno)))
        }
    }

    /// For a node that does not come to answer on it.
    package func discard() {
        close(descriptor)
        unlink(path)
    }

    /// Makes the folder, and takes away a socket that nobody answers on any more; anything else that is there stays.
    private static func clear(_ path: String) throws(LocalAPIError) {
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex { mkdir(String(path[..<slash]), 0o755) }
        do throws(LocalAPIError) {
            close(try LocalClient.connect(to: path))
        } catch {
            switch error {
            case .notRunning, .permissionDenied: break
            case .noAnswer, .alreadyRunning: throw .alreadyRunning(path: path)
            case .pathTooLong, .cannotListen: throw error
            }
            var information = stat()
            guard lstat(path, &information) == 0 else { return }
            guard information.st_mode & S_IFMT == S_IFSOCK else {
                throw .cannotListen(path: path, reason: "a file that is no socket is there")
            }
            unlink(path)
            return
        }
        throw .alreadyRunning(path: path)
    }

    /// A socket takes its file's permissions from its own, so there is no moment at which others could open it, and the mask of the
    /// process, which all its threads share, need not be touched (`unix_bind` in the kernel).
    private static func bind(at path: String) throws(LocalAPIError) -> CInt {
        let bytes = try pathBytes(path)
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0, fchmod(descriptor, 0o600) == 0, withUnixAddress(bytes, { Glibc.bind(descriptor, $0, $1) }) == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw .cannotListen(path: path, reason: reason)
        }
        return descriptor
    }
}
