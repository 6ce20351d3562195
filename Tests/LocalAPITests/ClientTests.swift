import Glibc
import Testing

@testable import LocalAPI

@Suite struct ClientTests {
    @Test func nobodyIsThere() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/node.sock"
        #expect(throws: LocalAPIError.notRunning(path: path)) { try LocalClient.ask(LocalRequest(.status), at: path) }
        close(try boundSocket(path))
        #expect(throws: LocalAPIError.notRunning(path: path)) { try LocalClient.ask(LocalRequest(.status), at: path) }
    }

    /// Accepts one connection, says `answer`, hangs up.
    private func ask(answeredBy answer: String) throws -> LocalResponse {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/node.sock"
        let listener = try boundSocket(path, backlog: 1)
        var thread = pthread_t()
        let job = Unmanaged.passRetained(OneAnswer(listener, answer))
        pthread_create(&thread, nil, { OneAnswer.run($0) }, job.toOpaque())
        defer {
            pthread_join(thread, nil)
            close(listener)
        }
        return try LocalClient.ask(LocalRequest(.status), at: path)
    }

    @Test(arguments: ["", "\n", "rubbish\n", "{}\n", #"{"version":"#, "[1,2,3]\n"])
    func anAnswerThatIsNoneIsSaid(answer: String) {
        #expect(throws: LocalAPIError.self) { try ask(answeredBy: answer) }
    }

    @Test func unknownFieldsOfANewerNodeDoNoHarm() throws {
        #expect(try ask(answeredBy: #"{"error":"no","novelty":[1,{"a":2}],"version":1}"# + "\n").error == "no")
    }

    @Test func everyErrorTellsWhatToDo() {
        let errors: [(LocalAPIError, String)] = [
            (.notRunning(path: "/p"), "--socket"), (.permissionDenied(path: "/p"), "sudo"), (.alreadyRunning(path: "/p"), "--interface"),
            (.cannotListen(path: "/p", reason: "r"), "--socket"), (.noAnswer(path: "/p"), "log"), (.pathTooLong("/p"), "--socket"),
        ]
        for (error, advice) in errors {
            #expect(error.description.contains("/p") && error.description.contains(advice))
            #expect(!error.description.hasSuffix("\n") && !error.description.hasSuffix("."))
        }
    }
}

/// One answer of a false server, given on a thread of its own.
private final class OneAnswer: Sendable {
    private let listener: CInt
    private let answer: String

    init(_ listener: CInt, _ answer: String) {
        self.listener = listener
        self.answer = answer
    }

    static func run(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        Unmanaged<OneAnswer>.fromOpaque(argument).takeRetainedValue().give()
        return nil
    }

    private func give() {
        let connection = accept(listener, nil, nil)
        var question = [UInt8](repeating: 0, count: 4096)
        _ = recv(connection, &question, question.count, 0)
        var bytes = Array(answer.utf8)
        _ = send(connection, &bytes, bytes.count, Int32(MSG_NOSIGNAL))
        close(connection)
    }
}
