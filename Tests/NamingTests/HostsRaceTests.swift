import CLinux
import DNSCodec
import Foundation
import Testing

@testable import Naming

/// Others change the file at the very moments at which that is awkward.
@Suite struct HostsRaceTests {
    private let original = "127.0.0.1 localhost\n::1 box\n"

    /// A file to which `act` happens at that moment of the first attempt, and of no other.
    private func file(_ path: String, mayHold: Bool, at moment: HostsFile.Moment, _ act: @escaping @Sendable () -> Void) throws -> HostsFile
    {
        let isDone = Shared(false)
        return HostsFile(path: path, block: try block(), mayHold: mayHold) { now in
            guard now == moment,
                isDone.withValue({ done in
                    !done
                        && {
                            done = true; return true
                        }()
                })
            else { return }
            act()
        }
    }

    @Test(arguments: [true, false], [HostsFile.Moment.read, .compared])
    func whatWasReplacedMeanwhileIsKept(mayHold: Bool, moment: HostsFile.Moment) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        let file = try self.file(path, mayHold: mayHold, at: moment) {
            replace(path) { ["10.0.0.9 new"] + $0.filter { !$0.contains("box") } }
        }
        #expect(try file.update(twoHosts) == .replaced)
        #expect(content(path) == "10.0.0.9 new\n127.0.0.1 localhost\n" + twoHostsBlock)
        #expect(folder.names == ["hosts"])
    }

    /// The second edit is made of a file in which the first one is not to be seen.
    @Test func withoutLeasesTwoEditsInARowAreKept() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        let moments = Shared(0)
        let file = HostsFile(path: path, block: try block(), mayHold: false) { moment in
            guard moment != .read else { return }
            let number = moments.withValue {
                $0 += 1; return $0
            }
            if number == 1 { replace(path) { ["10.0.0.1 one"] + $0.filter { !$0.contains("box") } } }
            if number == 2 { replace(path) { $0.dropLast() + ["10.0.0.2 two", ""] } }
        }
        #expect(try file.update(twoHosts) == .replaced)
        #expect(lines(path).prefix(2) == ["10.0.0.1 one", "127.0.0.1 localhost"])
        #expect(lines(path).contains("10.0.0.2 two") && !content(path).contains("box") && content(path).contains(twoHostsBlock))
        #expect(folder.names == ["hosts"])
    }

    /// He read the file while an edit was out of sight, and writes it back when all is done.
    @Test func withoutLeasesAStaleCopyIsNoticedBySettling() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        let (moments, stale) = (Shared(0), Shared([String]()))
        let file = HostsFile(path: path, block: try block(), mayHold: false) { moment in
            guard moment != .read else { return }
            let number = moments.withValue {
                $0 += 1; return $0
            }
            if number == 1 { replace(path) { ["10.0.0.1 one"] + $0 } }
            if number == 2 { stale.withValue { $0 = lines(path) } }
        }
        #expect(try file.update(twoHosts) == .replaced)
        #expect(!file.isSettled && content(path).hasPrefix("10.0.0.1 one\n"))
        replace(path) { _ in stale.withValue { $0.dropLast() + ["10.0.0.2 two", ""] } }
        #expect(!content(path).contains("one"))
        #expect(try file.settle() && file.isSettled)
        #expect(lines(path).contains("10.0.0.1 one") && lines(path).contains("10.0.0.2 two") && content(path).contains(twoHostsBlock))
    }

    /// Who opens the file before all is right in it waits until it is.
    @Test func withLeasesNobodySeesTheFileWithoutAnEdit() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        let (seen, started) = (Shared<String?>(nil), Shared(false))
        let file = HostsFile(path: path, block: try block(), mayHold: true) { moment in
            if moment == .compared { replace(path) { $0.contains("10.0.0.1 one") ? $0 : ["10.0.0.1 one"] + $0 } }
            guard moment == .exchanged, !started.withValue({ $0 }) else { return }
            started.withValue { $0 = true }
            Thread { seen.withValue { $0 = content(path) } }.start()
            usleep(20_000)  // long enough to come first as a rule; the promise holds either way
        }
        let outcome = try await onThread { try file.update(twoHosts) }
        #expect(outcome == .replaced)
        try await until { seen.withValue { $0 != nil } }
        #expect(seen.withValue { $0 } == "10.0.0.1 one\n" + original + twoHostsBlock)
    }

    @Test(arguments: [true, false]) func whoHasTheFileOpenMayAppend(mayHold: Bool) async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        let writer = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        let say = { @Sendable (text: String) in _ = bytes(text).withUnsafeBytes { Glibc.write(writer, $0.baseAddress, $0.count) } }
        let file = try file(path, mayHold: mayHold, at: .exchanged) { say("10.0.0.1 one\n") }
        #expect(try file.update(twoHosts) == .replaced)
        #expect(lines(path).contains("10.0.0.1 one") && !file.isSettled)
        say("10.0.0.2 two\n")
        #expect(try !file.settle())
        say("10.0.0.3 three\n")
        close(writer)
        // A child that another test is starting has it as well, for a moment.
        try await until { try file.settle() }
        #expect(content(path) == original + "10.0.0.1 one\n10.0.0.2 two\n10.0.0.3 three\n" + twoHostsBlock)
    }

    /// As `tee` and `cp` do.
    @Test func whoHasTheFileOpenMayWriteItAnew() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        let writer = open(path, O_WRONLY | O_CLOEXEC)
        let file = try file(path, mayHold: true, at: .compared) { ftruncate(writer, 0) }
        #expect(try file.update(twoHosts) == .replaced)
        #expect(content(path) == twoHostsBlock)
        _ = bytes("10.0.0.1 one\n").withUnsafeBytes { Glibc.write(writer, $0.baseAddress, $0.count) }
        close(writer)
        // A child that another test is starting has it as well, for a moment.
        try await until { try file.settle() }
        #expect(content(path) == "10.0.0.1 one\n" + twoHostsBlock)
    }

    @Test func aFileThatBecomesALinkStaysOne() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        try folder.write("10.0.0.1 one\n", to: "real")
        let file = try file(path, mayHold: true, at: .compared) {
            symlink("real", "\(path).new")
            rename("\(path).new", path)
        }
        #expect(try file.update(twoHosts) == .replaced)
        #expect(status(path).st_mode & S_IFMT == S_IFLNK && content("\(folder.path)/real") == "10.0.0.1 one\n" + twoHostsBlock)
        #expect(folder.names == ["hosts", "real"])
    }

    @Test func aFileThatBecomesAFolderStaysOne() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        let file = try file(path, mayHold: true, at: .compared) {
            unlink(path)
            mkdir(path, 0o755)
        }
        #expect(throws: HostsFileError.self) { try file.update(twoHosts) }
        #expect(status(path).st_mode & S_IFMT == S_IFDIR && folder.names == ["hosts"])
    }

    /// vim, as it is set on many machines: the old file is moved aside, then a new one written.
    @Test func aFileThatIsAwayForAMomentIsWaitedFor() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        rename(path, "\(path)~")
        Thread {
            usleep(3_000)
            rename("\(path)~", path)
        }.start()
        #expect(try HostsFile(path: path, block: block()).update(twoHosts) == .replaced)
    }

    @Test func whoNeverStopsWinsAndLosesNothing() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        let count = Shared(0)
        let file = HostsFile(path: path, block: try block(), mayHold: false) { moment in
            guard moment == .compared else { return }
            let number = count.withValue {
                $0 += 1; return $0
            }
            replace(path) { ["10.0.0.9 other-\(number)"] + $0 }
        }
        let error = #expect(throws: HostsFileError.self) { try file.update(twoHosts) }
        #expect(error?.kind == .contended)
        let all = Set(lines(path)).union((error?.setAside ?? []).flatMap { lines($0) })
        for number in 1...count.withValue({ $0 }) { #expect(all.contains("10.0.0.9 other-\(number)")) }
    }

    /// Somebody's longer file takes the place of the old one, and then there is no room to take it over.
    @Test(.enabled(if: Machine.canMount)) func aDiskThatFillsUpMeanwhileLosesNothing() async throws {
        let folder = try TemporaryFolder()
        let original = self.original
        try await withMounts {
            try #require(weft_mount_memory(folder.path, 32 * 4096) == 0)
            let path = try folder.write(original)
            let long = (0..<1000).map { "10.0.0.9 other-\($0)" }
            let file = try self.file(path, mayHold: true, at: .compared) {
                replace(path) { long + $0 }
                _ = try? folder.write(String(repeating: "x", count: 65_536 * 3), to: "filler")
            }
            let error = #expect(throws: HostsFileError.self) { try file.update(twoHosts) }
            #expect(error?.kind == .diskFull(errno: ENOSPC))
            #expect(content(path) == long.joined(separator: "\n") + "\n" + original)
            #expect(!folder.names.contains { $0.contains("weft") })
        }
    }
}

/// Waits for a condition, and fails after so long that something must be wrong.
func until(_ condition: () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while try !condition() {
        try #require(ContinuousClock.now < deadline, "it did not come to pass")
        try await Task.sleep(for: .milliseconds(2))
    }
}
