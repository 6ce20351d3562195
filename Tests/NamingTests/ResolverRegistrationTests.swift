import DNSCodec
import Foundation
import IPAddresses
import Testing

@testable import Naming

@Suite struct ResolverRegistrationTests {
    private let server = SocketAddress(address("10.1.2.3"), port: 5355)

    /// A program that notes its arguments, one call a line, and does what `script` says.
    private func registration(_ folder: TemporaryFolder, _ script: String = "", timeout: Duration = .seconds(60)) throws
        -> ResolverRegistration
    {
        let path = try program("#!/bin/sh\necho \"$@\" >>\(folder.path)/calls\n\(script)\n", folder)
        return try #require(ResolverRegistration(interface: "weft0", paths: ["/nonexistent/resolvectl", path], timeout: timeout))
    }

    /// Not written by this process: a child that another test starts might have the file open for writing just when it is to be run.
    private func program(_ text: String, _ folder: TemporaryFolder) throws -> String {
        let path = "\(folder.path)/resolvectl"
        try Process.run(URL(fileURLWithPath: "/bin/cp"), arguments: [try folder.write(text, to: "text"), path]).waitUntilExit()
        chmod(path, 0o755)
        return path
    }

    private func zones() throws -> [DNSName] { [try name("weft"), try name("10.in-addr.arpa")] }

    private func calls(_ folder: TemporaryFolder) -> [String] { lines("\(folder.path)/calls").dropLast() }

    @Test func theZonesAreRegistered() throws {
        let folder = try TemporaryFolder()
        let registration = try registration(folder)
        #expect(try registration.register(server: server, zones: zones()) == .done)
        #expect(calls(folder) == ["dns weft0 10.1.2.3:5355", "domain weft0 ~weft ~10.in-addr.arpa", "default-route weft0 false"])
        #expect(try registration.revert() == .done)
        #expect(calls(folder).last == "revert weft0")
    }

    @Test func anIPv6ServerIsWrittenInBrackets() throws {
        let folder = try TemporaryFolder()
        _ = try registration(folder).register(server: SocketAddress(address("fd00::1"), port: 53), zones: [try name("weft")])
        #expect(calls(folder).first == "dns weft0 [fd00::1]:53")
    }

    @Test func whereThereIsNoProgramThereIsNoFault() throws {
        let registration = try #require(ResolverRegistration(interface: "weft0", paths: ["/nonexistent/resolvectl"]))
        #expect(try registration.register(server: server, zones: zones()) == .notAvailable)
        #expect(try registration.revert() == .notAvailable)
    }

    @Test(arguments: [
        "Failed to connect to bus: No such file or directory", "sd_bus_open_system: No such file or directory",
        "System has not been booted with systemd as init system (PID 1). Can't operate.",
        "Failed to set DNS configuration: Unit dbus-org.freedesktop.resolve1.service not found.",
        "Failed to set DNS configuration: The name org.freedesktop.resolve1 was not provided by any .service files",
    ])
    func whereNobodyIsThereThereIsNoFault(text: String) throws {
        let folder = try TemporaryFolder()
        #expect(try registration(folder, "echo \"\(text)\" >&2; exit 1").register(server: server, zones: zones()) == .notAvailable)
        #expect(calls(folder).count == 1)
    }

    @Test func arefusalIsToldAndTakenBack() throws {
        let folder = try TemporaryFolder()
        let registration = try registration(folder, "[ $1 != domain ] || { printf 'first\\nno\\033 way\\n\\n' >&2; exit 3; }")
        let error = #expect(throws: ResolverRegistrationError.self) { try registration.register(server: server, zones: zones()) }
        #expect(error?.kind == .refused(status: 3, lastLine: "no? way"))
        #expect(error?.description.contains("resolvectl domain weft0 ~weft") == true)
        #expect(calls(folder).map { $0.prefix { $0 != " " } } == ["dns", "domain", "revert"])
    }

    @Test func aProgramThatIsKilledIsTold() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: ResolverRegistrationError.self) { try registration(folder, "kill -SEGV $$").revert() }
        #expect(error?.kind == .refused(status: 128 + SIGSEGV, lastLine: ""))
    }

    @Test func aTalkativeProgramIsBounded() throws {
        let folder = try TemporaryFolder()
        let script = "head -c 3000000 /dev/zero | tr '\\0' x >&2; exit 1"
        let error = #expect(throws: ResolverRegistrationError.self) { try registration(folder, script).revert() }
        #expect(error?.kind == .refused(status: 1, lastLine: String(repeating: "x", count: ShortProcess.lineBytes)))
    }

    /// It does not heed SIGTERM, and has a child that keeps the output open.
    @Test func aProgramThatDoesNotEndIsEnded() async throws {
        let folder = try TemporaryFolder()
        let script =
            "trap '' TERM; sleep 1000 & echo $! >\(folder.path)/child; echo $$ >\(folder.path)/parent; while :; do sleep 0.05; done"
        let registration = try registration(folder, script, timeout: .milliseconds(500))
        let error = #expect(throws: ResolverRegistrationError.self) { try registration.revert() }
        #expect(error?.kind == .timedOut)
        for name in ["child", "parent"] {
            guard let id = pid_t(lines("\(folder.path)/\(name)")[0]) else { continue }  // it was ended before it had written that
            try await until { kill(id, 0) != 0 || content("/proc/\(id)/stat").contains(") Z ") }
        }
    }

    @Test func aProgramThatCannotBeRunIsTold() throws {
        let folder = try TemporaryFolder()
        let registration = try #require(ResolverRegistration(interface: "weft0", paths: [try program("no program", folder)]))
        let error = #expect(throws: ResolverRegistrationError.self) { try registration.revert() }
        #expect(error?.kind == .cannotRun(call: "posix_spawn", errno: ENOEXEC))
    }

    @Test(arguments: ["-x", "", "a b", "a/b"]) func aStrangeInterfaceIsNoArgument(name: String) {
        #expect(ResolverRegistration(interface: name) == nil)
    }

    /// Signals that this process blocks or ignores are none of the program's business.
    @Test func theProgramStartsAfresh() throws {
        let folder = try TemporaryFolder()
        signal(SIGPIPE, SIG_IGN)
        let script = "grep -E '^Sig(Blk|Ign)' /proc/self/status >\(folder.path)/signals; cat"
        #expect(try registration(folder, script).revert() == .done)
        let signals = lines("\(folder.path)/signals").dropLast().compactMap { UInt64($0.suffix(16), radix: 16) }
        // Two of them are glibc's own, which nobody can set.
        #expect(signals.map { $0 & ~0x1_8000_0000 } == [0, 0])
    }
}
