import CLibFuzzer
import FuzzTargets
import Glibc

// WEFT_FUZZ_TARGET=… weft-fuzz [libFuzzer's arguments]; `--seeds FOLDER` writes inputs to begin with. See scripts/fuzz. The target is no
// argument, for libFuzzer starts the program anew with arguments of its own.

nonisolated(unsafe) var chosen: FuzzTarget?

func fail(_ message: String) -> Never {
    let line = "weft-fuzz: \(message)\n"
    write(STDERR_FILENO, line, line.utf8.count)
    exit(2)
}

let arguments = CommandLine.arguments
guard let target = getenv("WEFT_FUZZ_TARGET").flatMap({ FuzzTarget(rawValue: String(cString: $0)) }) else {
    fail("WEFT_FUZZ_TARGET is one of: \(FuzzTarget.allCases.map(\.rawValue).joined(separator: " "))")
}
if arguments.count == 3, arguments[1] == "--seeds" {
    for (number, seed) in target.seeds.enumerated() {
        guard let file = fopen("\(arguments[2])/seed-\(number)", "w") else { fail("cannot write to \(arguments[2])") }
        fwrite(seed, 1, seed.count, file)
        fclose(file)
    }
    exit(0)
}
chosen = target
var count = Int32(arguments.count)
var pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = .allocate(capacity: arguments.count + 1)
for (index, argument) in arguments.enumerated() { pointers?[index] = strdup(argument) }
pointers?[arguments.count] = nil
exit(
    LLVMFuzzerRunDriver(&count, &pointers) { data, size in
        chosen?.run(data.map { Array(UnsafeBufferPointer(start: $0, count: size)) } ?? [])
        return 0
    })
