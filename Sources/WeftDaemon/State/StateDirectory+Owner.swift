import Glibc
import HostProcess

/// A folder that root has made, for a process that becomes somebody else.
extension StateDirectory {
    /// A node has ten files at most.
    private static let maximumFiles = 100

    /// Hands the folder and its files over. Nothing that only looks like a file of ours: who had the folder before could have put a link
    /// to another file there.
    func give(to owner: ServiceUser) throws(DaemonError) {
        guard fchown(folder, owner.id, owner.group) == 0 else { throw .stateDirectory(path: path, reason: errnoText()) }
        for name in files {
            let file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            guard file >= 0 else { continue }
            defer { close(file) }
            var information = stat()
            guard fstat(file, &information) == 0, information.st_mode & S_IFMT == S_IFREG, information.st_nlink == 1 else { continue }
            fchown(file, owner.id, owner.group)
        }
    }

    private var files: [String] {
        let again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard again >= 0 else { return [] }
        guard let listing = fdopendir(again) else {
            close(again)
            return []
        }
        defer { closedir(listing) }
        var names: [String] = []
        while names.count < Self.maximumFiles, let entry = readdir(listing) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { $0.prefix { $0 != 0 } }
            names.append(String(decoding: name, as: UTF8.self))
        }
        return names
    }
}
