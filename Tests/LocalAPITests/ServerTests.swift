import Glibc
import LoopRuntime
import NIOCore
import Testing
import Timeline

@testable import LocalAPI

@Suite struct ServerTests {
    // MARK: Questions

    @Test func answersARequest() async throws {
        try await withServer(answer: { LocalResponse(token: "for \($0.command.rawValue)") }) { path, _ in
            let token = try LocalClient.ask(LocalRequest(.token), at: path)
            #expect(token == LocalResponse(token: "for token"))
            let farewell = try LocalClient.ask(LocalRequest(.leave), at: path)
            #expect(farewell == LocalResponse(token: "for leave"))
        }
    }

    @Test func answersOnTheLoop() async throws {
        try await withLoop { executor in
            let folder = try TemporaryFolder()
            let path = "\(folder.path)/node.sock"
            let server = try await LocalServer.start(LocalSocket(at: path), on: executor) { _ in
                LocalResponse(token: executor.eventLoop.inEventLoop ? "here" : "elsewhere")
            }
            let status = try LocalClient.ask(LocalRequest(.status), at: path)
            #expect(status.token == "here")
            await server.stop()
        }
    }

    @Test func answersALongAnswerWhole() async throws {
        let long = String(repeating: "x", count: 3_000_000)
        try await withServer(answer: { _ in LocalResponse(token: long) }) { path, _ in
            let token = try LocalClient.ask(LocalRequest(.token), at: path)
            #expect(token.token == long)
        }
    }

    @Test func takesARequestInPieces() async throws {
        try await withServer { path, _ in
            let client = try RawClient(path)
            for piece in #"{"command":"status","version":1}"#.map(String.init) + ["\n"] {
                client.send(piece)
                usleep(200)
            }
            #expect(client.readAll() == "{\"token\":\"answer\",\"version\":1}\n")
        }
    }

    @Test func answersOneRequestAConnection() async throws {
        try await withServer { path, _ in
            let client = try RawClient(path)
            let line = #"{"command":"status","version":1}"# + "\n"
            client.send(line + line)
            #expect(client.readAll()?.split(separator: "\n").count == 1)
        }
    }

    // MARK: Whatever else is said

    @Test(arguments: [
        #"{"command":"status","version":2}"#, #"{"command":"status","version":0}"#, #"{"command":"status"}"#, #"{"version":1}"#,
        #"{"command":"dance","version":1}"#, #"{"command":7,"version":1}"#, "", "GET / HTTP/1.1", "\u{0}\u{1}\u{2}", "[]", "null",
        String(repeating: "[", count: 4000),
    ])
    func whatItDoesNotUnderstandIsSaidInWords(line: String) async throws {
        try await withServer { path, _ in
            let client = try RawClient(path)
            client.send(line + "\n")
            let answer = try #require(client.readAll())
            #expect(answer.contains("\"error\":\"the running node is of another version"))
            #expect(!answer.contains("token"))
        }
    }

    @Test func aTooLongRequestIsCut() async throws {
        try await withServer { path, _ in
            let endless = try RawClient(path)
            endless.send(String(repeating: " ", count: LocalServer.maximumRequestBytes + 1))
            #expect(endless.readAll() == "")
            let complete = try RawClient(path)
            complete.send(String(repeating: " ", count: LocalServer.maximumRequestBytes) + #"{"command":"status","version":1}"# + "\n")
            #expect(complete.readAll() == "")
        }
    }

    @Test func theLongestRequestIsAnswered() async throws {
        try await withServer { path, _ in
            let client = try RawClient(path)
            let request = #"{"command":"status","version":1}"#
            client.send(String(repeating: " ", count: LocalServer.maximumRequestBytes - request.utf8.count) + request + "\n")
            #expect(client.readAll()?.contains("answer") == true)
        }
    }

    @Test func aSilentClientIsCutAndHindersNobody() async throws {
        try await withServer { path, _ in
            let start = Instant.now()
            let silent = try RawClient(path)
            let slow = try RawClient(path)
            slow.send("{")
            let token = try LocalClient.ask(LocalRequest(.token), at: path)
            #expect(token.token == "answer")
            #expect(start.duration(to: .now()) < .seconds(4))
            #expect(silent.readAll() == "")
            #expect(slow.readAll() == "")
            let waited = start.duration(to: .now())
            #expect(waited >= .milliseconds(4900) && waited < .seconds(9))
        }
    }

    @Test func aClientThatHangsUpHindersNobody() async throws {
        try await withServer { path, _ in
            for line in ["", "{", #"{"command":"status","version":1}"# + "\n"] {
                do {
                    let client = try RawClient(path)
                    client.send(line)
                }
                let token = try LocalClient.ask(LocalRequest(.token), at: path)
                #expect(token.token == "answer")
            }
        }
    }

    // MARK: The socket

    @Test func onlyTheOwnerMayOpenTheSocket() async throws {
        try await withServer { path, _ in
            #expect(mode(of: path) == 0o600)
        }
    }

    @Test func theSocketGoesWithTheServer() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/node.sock"
        try await withLoop { executor in
            let server = try await LocalServer.start(LocalSocket(at: path), on: executor) { _ in LocalResponse() }
            await server.stop()
        }
        #expect(mode(of: path) == nil)
    }

    @Test func theFolderIsMade() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/made/node.sock"
        try await withLoop { executor in
            let server = try await LocalServer.start(LocalSocket(at: path), on: executor) { _ in LocalResponse() }
            let farewell = try LocalClient.ask(LocalRequest(.leave), at: path)
            #expect(farewell == LocalResponse())
            await server.stop()
        }
    }

    @Test func aDeadSocketIsReplaced() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/node.sock"
        close(try boundSocket(path, backlog: 1))
        #expect(mode(of: path) != nil)
        try await withLoop { executor in
            let server = try await LocalServer.start(LocalSocket(at: path), on: executor) { _ in LocalResponse(token: "new") }
            let token = try LocalClient.ask(LocalRequest(.token), at: path)
            #expect(token.token == "new")
            await server.stop()
        }
    }

    @Test func aLivingSocketIsLeftAlone() async throws {
        try await withServer { path, executor in
            await #expect(throws: LocalAPIError.alreadyRunning(path: path)) {
                try await LocalServer.start(LocalSocket(at: path), on: executor) { _ in LocalResponse(token: "second") }
            }
            let token = try LocalClient.ask(LocalRequest(.token), at: path)
            #expect(token.token == "answer")
        }
    }

    @Test func aFileOfAnotherKindIsLeftAlone() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/node.sock"
        close(open(path, O_CREAT | O_WRONLY, 0o644))
        try await withLoop { executor in
            await #expect(throws: LocalAPIError.cannotListen(path: path, reason: "a file that is no socket is there")) {
                try await LocalServer.start(LocalSocket(at: path), on: executor) { _ in LocalResponse() }
            }
        }
        #expect(mode(of: path) == 0o644)
    }

    @Test func aPathThatIsTooLongIsSaid() async throws {
        let path = "/tmp/" + String(repeating: "x", count: 103)
        #expect(throws: LocalAPIError.pathTooLong(path)) { try LocalClient.ask(LocalRequest(.status), at: path) }
        try await withLoop { executor in
            await #expect(throws: LocalAPIError.pathTooLong(path)) {
                try await LocalServer.start(LocalSocket(at: path), on: executor) { _ in LocalResponse() }
            }
        }
    }

    @Test func aFolderThatCannotBeIsSaid() async throws {
        try await withLoop { executor in
            await #expect(throws: LocalAPIError.cannotListen(path: "/dev/null/x/node.sock", reason: "Not a directory")) {
                try await LocalServer.start(LocalSocket(at: "/dev/null/x/node.sock"), on: executor) { _ in LocalResponse() }
            }
        }
    }
}
