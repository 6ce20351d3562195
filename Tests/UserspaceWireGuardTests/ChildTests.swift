import CChildProcess
import Foundation
import Synchronization
import Testing
import WeftLaboratory

@testable import UserspaceWireGuard

private let missing = access("/dev/net/tun", R_OK | W_OK) == 0 ? nil : "needs /dev/net/tun and the right to open it"

@Suite(.serialized, .enabled(if: missing == nil, Comment(rawValue: missing ?? "")))
struct ChildTests {
    private let interface = "wt\(getpid())"

    @Test func aProgramThatNeverOpensItsSocketIsEnded() async throws {
        try await withTemporaryDirectory { directory in
            // The trap is a program that does not heed SIGTERM.
            let program = try script("trap '' TERM; echo $$ >\(directory)/id; while :; do sleep 0.05; done", in: directory)
            var limits = UserspaceWireGuardDevice.Limits()
            limits.startTimeout = Slowness.allow(.milliseconds(500))
            limits.endGrace = .milliseconds(100)
            let error = await #expect(throws: UserspaceWireGuardError.self) {
                try await UserspaceWireGuardDevice.start(program, interface: interface, limits: limits)
            }
            #expect(error?.kind == .startTimedOut)
            let id = try #require(pid_t(try String(contentsOfFile: "\(directory)/id", encoding: .utf8).trimmingCharacters(in: .newlines)))
            #expect(!isAlive(id))
        }
    }

    @Test(arguments: [
        ("echo first >&2; echo 'the reason' >&2; exit 3", ChildEnd(status: .exited(3), lastLine: "the reason")),
        ("exit 0", ChildEnd(status: .exited(0), lastLine: "")),
        ("printf 'a\\033[2Jb\\n\\n' >&2; exit 1", ChildEnd(status: .exited(1), lastLine: "a?[2Jb")),
        ("kill -SEGV $$", ChildEnd(status: .killed(signal: SIGSEGV), lastLine: "")),
        // It closes its output and lives on.
        ("exec >&- 2>&-; sleep 60", ChildEnd(status: .killed(signal: SIGKILL), lastLine: "")),
    ])
    func theEndOfAProgramIsToldWithItsLastLine(body: String, end: ChildEnd) async throws {
        try await withTemporaryDirectory { directory in
            let program = try script(body, in: directory)
            let error = await #expect(throws: UserspaceWireGuardError.self) {
                try await UserspaceWireGuardDevice.start(program, interface: interface)
            }
            #expect(error?.kind == .ended(end))
        }
    }

    @Test func aTalkativeProgramIsBounded() async throws {
        try await withTemporaryDirectory { directory in
            let program = try script("head -c 3000000 /dev/zero | tr '\\0' x >&2; exit 1", in: directory)
            let error = await #expect(throws: UserspaceWireGuardError.self) {
                try await UserspaceWireGuardDevice.start(program, interface: interface)
            }
            let line = String(repeating: "x", count: ChildProcess.outputLineBytes)
            #expect(error?.kind == .ended(ChildEnd(status: .exited(1), lastLine: line)))
        }
    }

    @Test func aMissingProgramIsTold() async throws {
        let program = UserspaceProgram(kind: .wireguardGo, path: "/nonexistent/wireguard-go")
        let error = await #expect(throws: UserspaceWireGuardError.self) {
            try await UserspaceWireGuardDevice.start(program, interface: interface)
        }
        #expect(error?.kind == .systemCall("execve /nonexistent/wireguard-go", errno: ENOENT))
    }

    @Test func anInterfaceThatExistsIsTold() async throws {
        let program = UserspaceProgram(kind: .wireguardGo, path: "/nonexistent/wireguard-go")
        let error = await #expect(throws: UserspaceWireGuardError.self) {
            try await UserspaceWireGuardDevice.start(program, interface: "lo")
        }
        #expect(error?.kind == .interfaceNameTaken)
    }

    @Test(arguments: ["", "-f", "a/b", "..", "sixteen-letters-", "wg%d", "wg 0", "wg\n"])
    func aNameThatIsNoneIsTold(name: String) async throws {
        let program = UserspaceProgram(kind: .wireguardGo, path: "/nonexistent/wireguard-go")
        let error = await #expect(throws: UserspaceWireGuardError.self) {
            try await UserspaceWireGuardDevice.start(program, interface: name)
        }
        #expect(error?.kind == .invalidInterfaceName)
    }

    @Test func theChildEndsWithTheThreadThatStartedIt() async throws {
        let id = Mutex<pid_t>(0)
        let mayEnd = DispatchSemaphore(value: 0)
        let thread = Thread {
            if case .success(let child) = ChildProcess.start(path: "/bin/sleep", arguments: ["sleep", "60"], environment: []) {
                id.withLock { $0 = child.id }
            }
            mayEnd.wait()
        }
        thread.start()
        let child = try await eventually("it starts", within: .seconds(5)) { id.withLock { $0 > 0 ? $0 : nil } }
        #expect(waitpid(child, nil, WNOHANG) == 0)
        mayEnd.signal()
        try await eventually("it ends", within: .seconds(5)) { waitpid(child, nil, WNOHANG) == child }
    }
}

@Suite struct UserspaceProgramTests {
    @Test func wireguardGoIsPreferred() async throws {
        try await withTemporaryDirectory { directory in
            for name in ["first/boringtun-cli", "second/wireguard-go", "third/wireguard-go"] { try makeProgram("\(directory)/\(name)") }
            let path = "relative::\(directory)/none:\(directory)/first:\(directory)/second:\(directory)/third"
            #expect(UserspaceProgram.find(in: path) == UserspaceProgram(kind: .wireguardGo, path: "\(directory)/second/wireguard-go"))
            let boringtun = UserspaceProgram(kind: .boringtun, path: "\(directory)/first/boringtun-cli")
            #expect(UserspaceProgram.find(in: path, kind: .boringtun) == boringtun)
            #expect(UserspaceProgram.find(in: "\(directory)/first") == boringtun)
            #expect(UserspaceProgram.find(in: "\(directory)/none") == nil)
            #expect(UserspaceProgram.find(in: "") == nil)
        }
    }

    @Test func whatCannotBeExecutedIsNone() async throws {
        try await withTemporaryDirectory { directory in
            try makeProgram("\(directory)/bin/wireguard-go/inside")
            try makeProgram("\(directory)/other/wireguard-go")
            chmod("\(directory)/other/wireguard-go", 0o644)
            #expect(UserspaceProgram.find(in: "\(directory)/bin:\(directory)/other") == nil)
        }
    }

    @Test func everyErrorSaysWhatToDo() {
        func text(_ kind: UserspaceWireGuardError.Kind) -> String {
            UserspaceWireGuardError(kind, interface: "weft0", program: "wireguard-go").description
        }
        #expect(text(.notInstalled).contains("apt install wireguard-go"))
        #expect(text(.interfaceNameTaken).contains("--interface"))
        #expect(text(.socketTaken).contains("/var/run/wireguard/weft0.sock"))
        #expect(text(.noTunDevice(errno: ENOENT)).contains("modprobe tun"))
        #expect(text(.ended(ChildEnd(status: .exited(1), lastLine: "why"))) == "wireguard-go for weft0 ended with status 1: why")
        #expect(text(.refused(errno: EADDRINUSE)).contains("Address already in use"))
    }

    private func makeProgram(_ path: String) throws {
        let directory = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try "".write(toFile: path, atomically: false, encoding: .utf8)
        chmod(path, 0o755)
    }
}

@Suite struct TunFramingTests {
    @Test(arguments: [
        ("wireguard-go v0.0.20220316\n\nUserspace WireGuard daemon", TunFraming.packetInformation),
        ("wireguard-go v0.0.20230223", .packetInformation),
        ("wireguard-go v0.0.20231211\n", .bare), ("wireguard-go v0.0.20250522", .bare), ("wireguard-go v1.2.3", .bare), ("", .bare),
    ])
    func theVersionTells(version: String, framing: TunFraming) {
        #expect(UserspaceProgram(kind: .wireguardGo, path: "/w").tunFraming(version: version) == framing)
        #expect(UserspaceProgram(kind: .boringtun, path: "/b").tunFraming(version: version) == .bare)
    }
}
