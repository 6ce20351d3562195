import FoundationEssentials
import Glibc

/// The folder that a node's memory lives in: who it is, which mesh it is in, whom it knew.
///
/// One process at a time; each file is replaced as a whole, so a crash leaves the old one or the new one. Who the node is cannot be had
/// again, so that is kept twice: a disk may damage what no crash does.
final class StateDirectory: Sendable {
    /// The first one counts, unless it is damaged or gone.
    static let stateFiles = ["state.json", "state.json.copy"]
    private static let membersFile = "members"
    private static let lockFile = "lock"
    /// What is longer is cut: then it is not whole. A state takes some 500 bytes.
    private static let maximumStateBytes = 64 << 10
    /// Likewise: 20,000 members take some 10 MiB.
    private static let maximumMembersBytes = 64 << 20
    /// Damaged files that are kept for somebody to look at; of more, the last is replaced.
    static let maximumSetAside = 4

    let path: String
    /// All files are reached by it: a node that root has started may not walk the path any more.
    let folder: CInt
    private let lock: CInt

    /// Makes the folder if need be, closed to others, and takes its lock.
    init(path: String) throws(DaemonError) {
        guard !path.isEmpty else { throw .stateDirectory(path: "\"\"", reason: "a folder has a name") }
        try Self.makeFolders(path)
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw .stateDirectory(path: path, reason: errnoText()) }
        do throws(DaemonError) {
            lock = try Self.lock(folder, path)
        } catch {
            close(folder)
            throw error
        }
        self.path = path
        self.folder = folder
    }

    private static func lock(_ folder: CInt, _ path: String) throws(DaemonError) -> CInt {
        let descriptor = openat(folder, lockFile, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .stateDirectory(path: path, reason: errnoText()) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .stateDirectoryInUse(path: path)
        }
        return descriptor
    }

    private static func makeFolders(_ path: String) throws(DaemonError) {
        var built = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            built += "\(part)/"
            guard mkdir(built, 0o700) == 0 || errno == EEXIST else { throw .stateDirectory(path: path, reason: errnoText()) }
        }
    }

    deinit {
        close(lock)
        close(folder)
    }

    /// What is known of the members, as `MeshSnapshot` encodes it, and how long ago it was saved by the wall clock.
    func loadMembers() throws(DaemonError) -> (bytes: [UInt8], age: Duration)? {
        guard let bytes = try read(Self.membersFile, atMost: Self.maximumMembersBytes) else { return nil }
        var information = stat()
        guard fstatat(folder, Self.membersFile, &information, 0) == 0 else { return nil }
        return (bytes, .seconds(max(0, time(nil) - information.st_mtim.tv_sec)))
    }

    func saveMembers(_ bytes: [UInt8]) throws(DaemonError) {
        try replace(Self.membersFile, by: bytes)
        syncFolder()
    }

    func removeMembers() {
        unlinkat(folder, Self.membersFile, 0)
    }
}

// MARK: - Who the node is

/// What a node finds of itself when it starts.
struct StoredState {
    var state: NodeState
    /// Where a damaged file was put; the state is that of the other one.
    var setAside: String?
}

extension StateDirectory {
    /// `nil` when the node has no state yet. One whole file of the two will do; a damaged one is set aside, under another name.
    ///
    /// If nothing is whole, that is an error, now and at each later start: a new identity must never take its place silently.
    func loadState() throws(DaemonError) -> StoredState? {
        var intact: NodeState?
        var setAside: String?
        for name in Self.stateFiles {
            guard let json = try read(name, atMost: Self.maximumStateBytes).map({ Data($0) }) else { continue }
            guard !NodeState.isOfNewerVersion(json: json) else { throw .stateOfNewerVersion(path: "\(path)/\(name)") }
            let state = NodeState(json: json)
            if state == nil {
                let place = try self.setAside(name)
                setAside = setAside ?? place
            }
            intact = intact ?? state
        }
        if let intact { return StoredState(state: intact, setAside: setAside) }
        guard let lost = setAside ?? placesAside.first(where: isThere).map({ "\(path)/\($0)" }) else { return nil }
        throw .stateDamaged(path: "\(path)/\(Self.stateFiles[0])", setAside: lost)
    }

    /// Writes the first file, unless it says the same already. The copy stays as it was.
    func save(_ state: NodeState) throws(DaemonError) {
        try write([UInt8](state.json), to: Self.stateFiles[0])
    }

    /// Brings the copy in line with the first file, if that is whole. Apart from `save`, as a node that starts has no time to lose.
    func saveCopy() throws(DaemonError) {
        guard let json = try read(Self.stateFiles[0], atMost: Self.maximumStateBytes), NodeState(json: Data(json)) != nil else { return }
        try write(json, to: Self.stateFiles[1])
    }

    private func write(_ json: [UInt8], to name: String) throws(DaemonError) {
        guard try read(name, atMost: Self.maximumStateBytes) != json else { return }
        try replace(name, by: json)
        syncFolder()
    }

    /// - Returns: the file's new path.
    private func setAside(_ name: String) throws(DaemonError) -> String {
        let places = placesAside
        let place = places.first { !isThere($0) } ?? places[places.count - 1]
        guard renameat(folder, name, folder, place) == 0 else { throw .stateDirectory(path: "\(path)/\(place)", reason: errnoText()) }
        syncFolder()
        return "\(path)/\(place)"
    }

    private var placesAside: [String] {
        (1...Self.maximumSetAside).map { "\(Self.stateFiles[0]).damaged-\($0)" }
    }

    static func isThere(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private func isThere(_ name: String) -> Bool { faccessat(folder, name, F_OK, 0) == 0 }
}
