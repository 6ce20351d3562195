import Foundation

/// What a process tells, one JSON object per line.
struct Told: Codable {
    var address: String?
    var seconds: Double?
    var bytes: Int?
    var connections: Int?
    var ready: Bool?
    var error: String?

    static func listening(_ address: String) -> Told { Told(address: address) }
    static func seconds(_ seconds: Double) -> Told { Told(seconds: seconds) }
    static func memory(bytes: Int, connections: Int) -> Told { Told(bytes: bytes, connections: connections) }
    static func error(_ text: String) -> Told { Told(error: text) }
    static let ready = Told(ready: true)

    func print() {
        let line = (try? JSONEncoder().encode(self)) ?? Data()
        FileHandle.standardOutput.write(line + Data("\n".utf8))
    }
}

/// A process that plays a role. It ends with its standard input, so none outlives this program.
final class Peer {
    enum Kind: String {
        case weft
        case go = "go-libp2p"
    }

    /// The private network's key, for peers that are to have one: 32 bytes of hex.
    private static let keyVariable = "WEFT_INTEROP_PSK"

    static var networkKey: [UInt8]? {
        guard let text = ProcessInfo.processInfo.environment[keyVariable], !text.isEmpty else { return nil }
        return stride(from: 0, to: text.count, by: 2).compactMap { UInt8(text.dropFirst($0).prefix(2), radix: 16) }
    }

    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var unread = Data()

    init(_ kind: Kind, _ role: [String], isPrivate: Bool, python: String?) throws {
        switch kind {
        case .weft: (process.executableURL, process.arguments) = (URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath(), role)
        case .go:
            guard let python else { throw BenchError("no Python module of go-libp2p: run interop/setup") }
            (process.executableURL, process.arguments) = (URL(fileURLWithPath: python), ["interop/gostream.py"] + role)
        }
        var environment = ProcessInfo.processInfo.environment
        environment[Self.keyVariable] = isPrivate ? String(repeating: "5b", count: 32) : ""
        process.environment = environment
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    /// The next line. What it says of an error is thrown.
    func next() throws -> Told {
        while true {
            if let end = unread.firstIndex(of: 0x0a) {
                let told = try JSONDecoder().decode(Told.self, from: unread[..<end])
                unread = Data(unread[(end + 1)...])
                if let error = told.error { throw BenchError(error) }
                return told
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw BenchError("a peer ended before its time") }
            unread += more
        }
    }

    func ask() throws -> Told {
        try input.fileHandleForWriting.write(contentsOf: Data("\n".utf8))
        return try next()
    }

    func end() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
