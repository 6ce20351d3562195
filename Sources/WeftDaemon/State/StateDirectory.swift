import FoundationEssentials
import Glibc

/// The folder that a node's memory lives in: who it is, which mesh it is in, whom it knew.
///
/// One process at a time; each file is replaced as a whole, so a crash leaves the old one or the new one.
final class StateDirectory: Sendable {
    private static let stateFile = "state.json"
    private static let membersFile = "members"
    private static let lockFile = "lock"
    /// A larger file is none of ours: 20,000 members take some 10 MiB.
    private static let maximumFileBytes = 64 << 20

    let path: String
    private let lock: CInt

    /// Makes the folder if need be, closed to others, and takes its lock.
    init(path: String) throws(DaemonError) {
        guard !path.isEmpty else { throw .stateDirectory(path: "\"\"", reason: "a folder has a name") }
        self.path = path
        try Self.makeFolders(path)
        let lockPath = "\(path)/\(Self.lockFile)"
        let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .stateDirectory(path: path, reason: errnoText()) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .stateDirectoryInUse(path: path)
        }
        lock = descriptor
    }

    deinit {
        close(lock)
    }

    /// `nil` when the node has no state yet. A file that cannot be understood is an error: a new identity must never replace it silently.
    func loadState() throws(DaemonError) -> NodeState? {
        guard let bytes = try read(Self.stateFile) else { return nil }
        guard let state = NodeState(json: Data(bytes)) else {
            throw .stateDamaged(path: "\(path)/\(Self.stateFile)")
        }
        return state
    }

    func save(_ state: NodeState) throws(DaemonError) {
        try write(state.json, to: Self.stateFile)
    }

    /// What is known of the members, as `MeshSnapshot` encodes it, and how long ago it was saved by the wall clock.
    func loadMembers() throws(DaemonError) -> (bytes: [UInt8], age: Duration)? {
        guard let bytes = try read(Self.membersFile) else { return nil }
        var information = stat()
        guard stat("\(path)/\(Self.membersFile)", &information) == 0 else { return nil }
        return (bytes, .seconds(max(0, time(nil) - information.st_mtim.tv_sec)))
    }

    func saveMembers(_ bytes: [UInt8]) throws(DaemonError) {
        try write(bytes, to: Self.membersFile)
    }

    func removeMembers() {
        unlink("\(path)/\(Self.membersFile)")
    }

    // MARK: Files

    private static func makeFolders(_ path: String) throws(DaemonError) {
        var built = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            built += "\(part)/"
            guard mkdir(built, 0o700) == 0 || errno == EEXIST else { throw .stateDirectory(path: path, reason: errnoText()) }
        }
    }

    private func read(_ name: String) throws(DaemonError) -> [UInt8]? {
        let descriptor = open("\(path)/\(name)", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .stateDirectory(path: "\(path)/\(name)", reason: errnoText())
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= Self.maximumFileBytes {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .stateDirectory(path: "\(path)/\(name)", reason: errnoText()) }
            bytes += chunk[..<count]
        }
        throw .stateDamaged(path: "\(path)/\(name)")
    }

    /// Temporary file, fsync, rename, fsync of the folder.
    private func write(_ bytes: some Collection<UInt8>, to name: String) throws(DaemonError) {
        let temporary = "\(path)/\(name).new"
        unlink(temporary)  // of a run that has crashed: it may have other permissions
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .stateDirectory(path: temporary, reason: errnoText()) }
        let isWritten = writeAll(Array(bytes), to: descriptor) && fsync(descriptor) == 0
        let reason = errnoText()
        close(descriptor)
        guard isWritten, rename(temporary, "\(path)/\(name)") == 0 else {
            unlink(temporary)
            throw .stateDirectory(path: "\(path)/\(name)", reason: isWritten ? errnoText() : reason)
        }
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    private func writeAll(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

func errnoText() -> String {
    String(cString: strerror(errno))
}
