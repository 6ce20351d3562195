import Foundation
import LoopRuntime

/// `make bench-peers`: what one stream carries and what an idle connection costs, beside go-libp2p. See docs/BENCHMARKS.md.
///
/// Each side is a process of its own: this program starts itself, and `interop/gostream.py`, with a role as arguments.
@main
enum PeerBench {
    static func main() {
        signal(SIGPIPE, SIG_IGN)
        do {
            if let role = try Role(CommandLine.arguments.dropFirst()) { exit(LoopRuntime.run { await role.run(on: $0) }) }
            try Comparison(environment: ProcessInfo.processInfo.environment).run()
        } catch {
            FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
            exit(1)
        }
    }
}

/// Why a measurement has no result.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
