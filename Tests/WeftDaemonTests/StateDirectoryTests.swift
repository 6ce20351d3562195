import FoundationEssentials
import Glibc
import Testing

@testable import WeftDaemon

@Suite struct StateDirectoryTests {
    private let folder: TemporaryFolder
    private var path: String { "\(folder.path)/state" }

    init() throws {
        folder = try TemporaryFolder()
    }

    /// A folder with one state in it, and that state.
    private func withState(_ body: (StateDirectory, NodeState) throws -> Void) throws {
        let directory = try StateDirectory(path: path)
        var state = try NodeState.fresh()
        state.mesh = try token(1)
        try directory.save(state)
        try body(directory, state)
    }

    @Test func nothingIsThereAtFirst() throws {
        let directory = try StateDirectory(path: path)
        #expect(try directory.loadState() == nil)
        #expect(try directory.loadMembers() == nil)
    }

    @Test func whatIsSavedIsLoaded() throws {
        try withState { directory, state in
            let loaded = try #require(try directory.loadState())
            #expect(loaded.identity.peerID == state.identity.peerID && loaded.mesh == state.mesh)
            try directory.saveMembers([1, 2, 3])
            let members = try #require(try directory.loadMembers())
            #expect(members.bytes == [1, 2, 3] && members.age >= .zero && members.age < .seconds(10))
            directory.removeMembers()
            #expect(try directory.loadMembers() == nil)
        }
    }

    @Test func theAgeOfMembersIsThatOfTheirFile() throws {
        try withState { directory, _ in
            try directory.saveMembers([1])
            for (offset, expected) in [(-3600, Duration.seconds(3600)), (3600, .zero)] {
                var times = [timespec(tv_sec: time(nil) + offset, tv_nsec: 0), timespec(tv_sec: time(nil) + offset, tv_nsec: 0)]
                utimensat(AT_FDCWD, "\(path)/members", &times, 0)
                let age = try #require(try directory.loadMembers()).age
                #expect(age >= expected && age <= expected + .seconds(5), "a clock that was set back makes nobody young or old")
            }
        }
    }

    // MARK: Who may read it

    @Test func othersMayReadNothing() throws {
        try withState { directory, _ in
            try directory.saveMembers([1])
            #expect(mode(of: path) == 0o700)
            for name in ["state.json", "members", "lock"] { #expect(mode(of: "\(path)/\(name)") == 0o600, "\(name)") }
        }
    }

    @Test func foldersAboveAreMadeTheSameWay() throws {
        let directory = try StateDirectory(path: "\(path)/deep")
        #expect(mode(of: path) == 0o700 && mode(of: directory.path) == 0o700)
    }

    @Test func whatACrashLeftDoesNotMakeASecretReadable() throws {
        try withState { directory, state in
            write([UInt8](repeating: 0x20, count: 5000), to: "\(path)/state.json.new", mode: 0o666)
            try directory.save(state)
            #expect(mode(of: "\(path)/state.json") == 0o600)
            #expect(try directory.loadState() != nil)
            symlink("\(folder.path)/elsewhere", "\(path)/state.json.new")
            try directory.save(state)
            #expect(mode(of: "\(folder.path)/elsewhere") == nil, "no link is followed")
        }
    }

    // MARK: One process

    @Test func onlyOneMayUseIt() throws {
        try withState { _, _ in
            #expect(throws: DaemonError.stateDirectoryInUse(path: path)) { try StateDirectory(path: path) }
        }
        #expect(throws: Never.self) { try StateDirectory(path: path) }
    }

    // MARK: Damage

    /// Whatever a crash or a full disk leaves: the state as it was, or an error. Never a new identity.
    @Test func aFileCutAtAnyLengthIsAnError() throws {
        try withState { directory, state in
            let whole = try #require(read("\(path)/state.json"))
            for length in 0..<whole.count {
                write(Array(whole[..<length]), to: "\(path)/state.json")
                do {
                    let loaded = try #require(try directory.loadState(), "length \(length): a file that is there is never 'no state'")
                    #expect(loaded.identity.seed == state.identity.seed && loaded.mesh == state.mesh)
                } catch let error as DaemonError {
                    #expect(error == .stateDamaged(path: "\(path)/state.json"))
                }
            }
        }
    }

    @Test func bitsThatFlipAreAnErrorOrNoMatter() throws {
        try withState { directory, state in
            let whole = try #require(read("\(path)/state.json"))
            for index in whole.indices {
                var damaged = whole
                damaged[index] ^= 1 << UInt8(index % 8)
                write(damaged, to: "\(path)/state.json")
                do {
                    let loaded = try #require(try directory.loadState())
                    #expect(loaded.identity.seed == state.identity.seed && loaded.mesh == state.mesh)
                } catch let error as DaemonError {
                    #expect(error == .stateDamaged(path: "\(path)/state.json"))
                }
            }
        }
    }

    @Test func aFolderInTheFilesPlaceIsAnError() throws {
        let directory = try StateDirectory(path: path)
        mkdir("\(path)/state.json", 0o700)
        #expect(throws: DaemonError.self) { try directory.loadState() }
        #expect(throws: DaemonError.self) { try directory.save(.fresh()) }
        #expect(mode(of: "\(path)/state.json.new") == nil, "the half-made file is taken away")
    }

    @Test func anEndlessFileIsAnError() throws {
        try withState { directory, _ in
            truncate("\(path)/state.json", (64 << 20) + 70_000)
            #expect(throws: DaemonError.stateDamaged(path: "\(path)/state.json")) { try directory.loadState() }
        }
    }

    // MARK: Replacing

    /// Who holds the old file open still reads the old one, whole: it is replaced, not overwritten.
    @Test func filesAreReplacedAsAWhole() throws {
        try withState { directory, state in
            let old = open("\(path)/state.json", O_RDONLY)
            defer { close(old) }
            try directory.save(.fresh())
            var bytes = [UInt8](repeating: 0, count: 10_000)
            let count = Glibc.read(old, &bytes, bytes.count)
            #expect(NodeState(json: Data(bytes[..<max(0, count)]))?.identity.seed == state.identity.seed)
            #expect(try directory.loadState()?.identity.seed != state.identity.seed)
            #expect(mode(of: "\(path)/state.json.new") == nil)
        }
    }

    // MARK: Where it cannot be

    @Test(arguments: ["", "/dev/null/x", "/proc/weft"])
    func aPlaceThatCannotBeIsSaid(path: String) {
        let error = #expect(throws: DaemonError.self) { try StateDirectory(path: path) }
        #expect(error?.description.contains("--state-dir") == true)
    }
}
