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
        try save(state, in: directory)
        try body(directory, state)
    }

    @Test func nothingIsThereAtFirst() throws {
        let directory = try StateDirectory(path: path)
        #expect(try directory.loadState() == nil)
        #expect(try directory.loadMembers() == nil)
    }

    @Test func whatIsSavedIsLoaded() throws {
        try withState { directory, state in
            let loaded = try #require(try directory.loadState()).state
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
            for name in ["state.json", "state.json.copy", "members", "lock"] { #expect(mode(of: "\(path)/\(name)") == 0o600, "\(name)") }
        }
    }

    @Test func foldersAboveAreMadeTheSameWay() throws {
        let directory = try StateDirectory(path: "\(path)/deep")
        #expect(mode(of: path) == 0o700 && mode(of: directory.path) == 0o700)
    }

    @Test func whatACrashLeftDoesNotMakeASecretReadable() throws {
        try withState { directory, _ in
            write([UInt8](repeating: 0x20, count: 5000), to: "\(path)/state.json.new", mode: 0o666)
            try directory.save(.fresh())
            #expect(mode(of: "\(path)/state.json") == 0o600)
            #expect(try directory.loadState() != nil)
            symlink("\(folder.path)/elsewhere", "\(path)/state.json.new")
            try directory.save(.fresh())
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

    /// The state out of a folder in which files were changed: as it was, or an error. Never "no state", never another one.
    private func expectTheSame(_ state: NodeState, in directory: StateDirectory, _ what: String) throws {
        do throws(DaemonError) {
            let loaded = try directory.loadState()
            #expect(loaded?.state.identity.seed == state.identity.seed && loaded?.state.mesh == state.mesh, "\(what)")
        } catch {
            guard case .stateDamaged(let path, let place) = error else { throw error }
            #expect(path == "\(self.path)/state.json" && mode(of: place) == 0o600, "\(what)")
        }
    }

    private func save(_ state: NodeState, in directory: StateDirectory) throws {
        try directory.save(state)
        try directory.saveCopy()
    }

    /// As if nothing had been damaged ever.
    private func startAnew(with state: NodeState, in directory: StateDirectory) throws {
        for number in 1...StateDirectory.maximumSetAside { unlink("\(path)/state.json.damaged-\(number)") }
        try save(state, in: directory)
    }

    @Test(arguments: StateDirectory.stateFiles) func oneFileCutAtAnyLengthIsNoMatter(name: String) throws {
        try withState { directory, state in
            let whole = try #require(read("\(path)/\(name)"))
            for length in 0..<whole.count {
                try startAnew(with: state, in: directory)
                write(Array(whole[..<length]), to: "\(path)/\(name)")
                let loaded = try #require(try directory.loadState(), "length \(length)")
                #expect(loaded.state.identity.seed == state.identity.seed && loaded.state.mesh == state.mesh, "length \(length)")
                let place = try #require(loaded.setAside, "length \(length)")
                #expect(read(place) == Array(whole[..<length]) && mode(of: "\(path)/\(name)") == nil, "length \(length)")
            }
        }
    }

    /// Whatever is left of both: the node never becomes another one, not at its next start either.
    @Test func bothFilesCutAtAnyLengthAreAnErrorForGood() throws {
        try withState { directory, state in
            let whole = try #require(read("\(path)/state.json"))
            for length in 0..<whole.count {
                try startAnew(with: state, in: directory)
                for name in StateDirectory.stateFiles { write(Array(whole[..<length]), to: "\(path)/\(name)") }
                for attempt in 1...3 { try expectTheSame(state, in: directory, "length \(length), attempt \(attempt)") }
            }
        }
    }

    @Test func bitsThatFlipAreAnErrorOrNoMatter() throws {
        try withState { directory, state in
            let whole = try #require(read("\(path)/state.json"))
            for index in whole.indices {
                var damaged = whole
                damaged[index] ^= 1 << UInt8(index % 8)
                try startAnew(with: state, in: directory)
                for name in StateDirectory.stateFiles { write(damaged, to: "\(path)/\(name)") }
                try expectTheSame(state, in: directory, "byte \(index)")
            }
        }
    }

    @Test func aFileThatIsGoneIsMadeAnewOutOfItsCopy() throws {
        try withState { directory, state in
            for name in StateDirectory.stateFiles {
                unlink("\(path)/\(name)")
                let loaded = try #require(try directory.loadState())
                #expect(loaded.state.identity.seed == state.identity.seed && loaded.setAside == nil)
                try save(loaded.state, in: directory)
                #expect(read("\(path)/\(name)") == [UInt8](state.json))
            }
        }
    }

    /// It would be a pity about a state that only an older program cannot read.
    @Test func aNewerVersionIsLeftAlone() throws {
        try withState { directory, _ in
            let newer = Array("{\"version\":2,\"anything\":{}}".utf8)
            write(newer, to: "\(path)/state.json")
            #expect(throws: DaemonError.stateOfNewerVersion(path: "\(path)/state.json")) { try directory.loadState() }
            #expect(read("\(path)/state.json") == newer)
        }
    }

    @Test func damageIsNotCopied() throws {
        try withState { directory, state in
            write([1, 2, 3], to: "\(path)/state.json")
            try directory.saveCopy()
            #expect(try directory.loadState()?.state.identity.seed == state.identity.seed)
        }
    }

    @Test func startingOverEndsTheError() throws {
        try withState { directory, _ in
            for name in StateDirectory.stateFiles { write([], to: "\(path)/\(name)") }
            #expect(throws: DaemonError.self) { try directory.loadState() }
            let fresh = try NodeState.fresh()
            try directory.save(fresh)
            #expect(try directory.loadState()?.state.identity.seed == fresh.identity.seed)
        }
    }

    @Test func damagedFilesDoNotFillTheDisk() throws {
        try withState { directory, state in
            for round in UInt8(0)..<20 {
                write([round], to: "\(path)/state.json")
                #expect(try directory.loadState()?.setAside != nil)
                try directory.save(state)
            }
            let places = (1...20).map { "\(path)/state.json.damaged-\($0)" }
            #expect(places.count { mode(of: $0) != nil } == StateDirectory.maximumSetAside)
            #expect(read(places[0]) == [0] && read(places[StateDirectory.maximumSetAside - 1]) == [19])
        }
    }

    @Test func aFolderInTheFilesPlaceIsAnError() throws {
        let directory = try StateDirectory(path: path)
        mkdir("\(path)/state.json", 0o700)
        #expect(throws: DaemonError.self) { try directory.loadState() }
        #expect(throws: DaemonError.self) { try directory.save(.fresh()) }
        #expect(mode(of: "\(path)/state.json.new") == nil, "the half-made file is taken away")
    }

    @Test func whatIsTooLongIsNotWhole() throws {
        try withState { directory, state in
            truncate("\(path)/state.json", (64 << 20) + 70_000)
            let loaded = try #require(try directory.loadState())
            #expect(loaded.setAside != nil && loaded.state.identity.seed == state.identity.seed)
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
            #expect(try directory.loadState()?.state.identity.seed != state.identity.seed)
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
