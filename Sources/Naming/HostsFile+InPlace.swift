import CLinux
import Glibc

extension HostsFile {
    /// How often it is tried to have the file alone, and how long it is waited between, in microseconds.
    private static let maximumHoldAttempts = 20
    private static let holdPauseMicroseconds: UInt32 = 1_000

    /// One attempt to change the file as it lies there. It is looked at once more afterwards, so that somebody who wrote at the same
    /// time does not leave it without us.
    func writeInPlace(_ target: String, _ progress: inout Progress, _ content: ([UInt8]) -> [UInt8]) throws(HostsFileError) -> Turn {
        guard let file = try openOrdinary(target, O_RDWR) else { return .again }
        // Looked at first without holding it, for as a rule there is nothing to do.
        let seen = try read(file)
        if content(seen) == seen { return .done(.unchanged) }
        defer { fsync(file.descriptor) }
        let isHeld = hold(file)
        defer { if isHeld { weft_release(file.descriptor) } }
        let old = try read(file)
        let new = content(old)
        interference(.read)
        if !isHeld, try read(file) != old { return .again }
        try told { () throws(CallError) in try file.change(from: old, to: new) }
        progress.written = .writtenInPlace
        guard try read(file) == new else { return .again }
        return .done(.writtenInPlace)
    }

    private func hold(_ file: OpenFile) -> Bool {
        for _ in 0..<(mayHold ? Self.maximumHoldAttempts : 0) {
            let error = weft_hold(file.descriptor)
            if error != EAGAIN { return error == 0 }
            usleep(Self.holdPauseMicroseconds)
        }
        return false
    }
}
