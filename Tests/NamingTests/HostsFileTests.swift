import CLinux
import DNSCodec
import Foundation
import Testing

@testable import Naming

@Suite struct HostsFileTests {
    private let original = "127.0.0.1 localhost\n::1 box\n"

    private func hosts(_ path: String, mayHold: Bool = true, _ interference: @escaping @Sendable (HostsFile.Moment) -> Void = { _ in })
        throws
        -> HostsFile
    {
        HostsFile(path: path, block: try block(), mayHold: mayHold, interference: interference)
    }

    @Test func aBlockComesAndGoes() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        let file = try hosts(path)
        #expect(try file.update(twoHosts) == .replaced)
        #expect(content(path) == original + twoHostsBlock)
        // A child that another test is starting may have the old file open, for a moment.
        try await until { try file.settle() }
        #expect(try file.remove() == .replaced)
        #expect(content(path) == original)
        #expect(try file.remove() == .unchanged)
        #expect(folder.names == ["hosts"])
    }

    @Test func nothingIsWrittenIfNothingChanges() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        let file = try hosts(path)
        _ = try file.update(twoHosts)
        let before = status(path)
        #expect(try file.update(twoHosts.reversed()) == .unchanged)
        let after = status(path)
        #expect(before.st_ino == after.st_ino && before.st_ctim.tv_nsec == after.st_ctim.tv_nsec)
    }

    @Test func permissionsOwnerAndAttributesStay() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        chmod(path, 0o664)
        if getuid() == 0 { chown(path, 1234, 4321) }
        let hasAttributes = setxattr(path, "user.weft", "kept", 4, 0) == 0
        #expect(try hosts(path).update(twoHosts) == .replaced)
        let after = status(path)
        #expect(after.st_mode & 0o7777 == 0o664)
        if getuid() == 0 { #expect(after.st_uid == 1234 && after.st_gid == 4321) }
        if hasAttributes { #expect(getxattr(path, "user.weft", nil, 0) == 4) }
    }

    @Test func aLinkStaysALink() throws {
        let folder = try TemporaryFolder()
        mkdir("\(folder.path)/real", 0o755)
        try folder.write(original, to: "real/hosts")
        symlink("real/hosts", "\(folder.path)/hosts")
        #expect(try hosts("\(folder.path)/hosts").update(twoHosts) == .replaced)
        #expect(status("\(folder.path)/hosts").st_mode & S_IFMT == S_IFLNK)
        #expect(content("\(folder.path)/real/hosts") == original + twoHostsBlock)
    }

    /// It would not be the same file under its other name.
    @Test func aFileWithTwoNamesIsWrittenInPlace() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        link(path, "\(folder.path)/other")
        #expect(try hosts(path).update(twoHosts) == .writtenInPlace)
        #expect(content("\(folder.path)/other") == original + twoHostsBlock)
        #expect(try hosts(path).remove() == .writtenInPlace)
        #expect(content("\(folder.path)/other") == original)
    }

    @Test func whatACrashLeftIsRemoved() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        let foreign = [".hosts.weft-weft0.", ".hosts.weft-weft0.1x", ".hosts.weft-weft1.17"]
        for name in foreign + [".hosts.weft-weft0.17", ".hosts.weft-weft0.4294967295"] { try folder.write("", to: name) }
        _ = try hosts(path).update(twoHosts)
        #expect(folder.names == foreign + ["hosts"])
    }

    @Test func severalNodesHaveABlockEach() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        let other = HostsFile(path: path, block: try block("weft1"))
        _ = try hosts(path).update(twoHosts)
        _ = try other.update(twoHosts)
        #expect(content(path) == original + twoHostsBlock + twoHostsBlock.replacing("weft0", with: "weft1"))
        _ = try hosts(path).remove()
        _ = try other.remove()
        #expect(content(path) == original)
    }

    @Test func aHostileNameChangesNothing() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        let entries = [Zone.Entry(name: "a\n10.6.6.6 bank.example", addresses: [address("10.6.6.6")])]
        #expect(try hosts(path).update(entries) == .unchanged)
        #expect(content(path) == original)
    }

    // MARK: Errors

    private func error(_ file: HostsFile, _ entries: [Zone.Entry] = twoHosts) -> HostsFileError.Kind? {
        do throws(HostsFileError) {
            _ = try file.update(entries)
            return nil
        } catch {
            #expect(error.description.contains(file.path))
            return error.kind
        }
    }

    @Test func whatIsNoFileIsTold() throws {
        let folder = try TemporaryFolder()
        #expect(error(try hosts("\(folder.path)/none")) == .missing)
        #expect(error(try hosts(folder.path)) == .notAFile)
        mkfifo("\(folder.path)/pipe", 0o600)
        #expect(error(try hosts("\(folder.path)/pipe")) == .notAFile)
        #expect(error(try hosts("/dev/null")) == .notAFile)
        symlink("nowhere", "\(folder.path)/dangling")
        #expect(error(try hosts("\(folder.path)/dangling")) == .missing)
    }

    @Test func aHugeFileIsTold() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("")
        truncate(path, off_t(HostsFile.maximumBytes + 1))
        #expect(error(try hosts(path)) == .tooLarge)
    }

    @Test(.enabled(if: Machine.canMount)) func aFolderThatMayNotBeWrittenIsNoHindrance() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        chown(path, 65534, 65534)
        let outcome = try await onThread {
            weft_use_files_as(65534)
            return try self.hosts(path).update(twoHosts)
        }
        #expect(outcome == .writtenInPlace)
        #expect(content(path) == original + twoHostsBlock)
    }

    @Test(.enabled(if: Machine.canMount)) func aFileThatMayNotBeWrittenIsTold() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        let kind = try await onThread {
            weft_use_files_as(65534)
            return self.error(try self.hosts(path))
        }
        #expect(kind == .noPermission(call: "open", errno: EACCES))
        #expect(content(path) == original && folder.names == ["hosts"])
    }

    @Test(.enabled(if: Machine.canMount)) func aFullDiskLeavesTheFileWhole() async throws {
        let folder = try TemporaryFolder()
        let original = self.original
        try await withMounts {
            try #require(weft_mount_memory(folder.path, 16 * 4096) == 0)
            let path = try folder.write(original)
            let file = try self.hosts(path)
            _ = try file.update([twoHosts[0]])
            let before = content(path)
            // What is left is less than one block more.
            try folder.write(String(repeating: "x", count: 4096 * (Int(16) - 2)), to: "filler")
            _ = try? folder.write(String(repeating: "x", count: 65_536), to: "more")
            #expect(self.error(file) == .diskFull(errno: ENOSPC))
            #expect(content(path) == before && !folder.names.contains { $0.hasPrefix(".hosts") })
        }
    }

    /// As containers have it.
    @Test(.enabled(if: Machine.canMount)) func aFileThatIsMountedOnItsOwnIsWrittenInPlace() async throws {
        let folder = try TemporaryFolder()
        let original = self.original
        try await withMounts {
            let path = try folder.write(original)
            let source = try folder.write(original, to: "source")
            try #require(weft_mount_over(source, path) == 0)
            let file = try self.hosts(path)
            #expect(try file.update(twoHosts) == .writtenInPlace)
            #expect(try file.update(twoHosts) == .unchanged)
            #expect(content(source) == original + twoHostsBlock)
            #expect(try file.update([twoHosts[0]]) == .writtenInPlace)
            #expect(try file.remove() == .writtenInPlace)
            #expect(content(source) == original && folder.names == ["hosts", "source"])
        }
    }

    @Test(.enabled(if: Machine.canMount)) func aFullDiskLeavesAMountedFileWhole() async throws {
        let folder = try TemporaryFolder()
        let disk = try TemporaryFolder()
        let original = self.original
        try await withMounts {
            try #require(weft_mount_memory(disk.path, 16 * 4096) == 0)
            let path = try folder.write("")
            let source = try disk.write(original, to: "source")
            try #require(weft_mount_over(source, path) == 0)
            _ = try? disk.write(String(repeating: "x", count: 65_536 * 2), to: "filler")
            let many = (0..<400).map { Zone.Entry(name: "host-\($0)", addresses: [address("10.1.2.3")]) }
            #expect(self.error(try self.hosts(path), many) == .diskFull(errno: ENOSPC))
            #expect(content(path) == original)
        }
    }
}
