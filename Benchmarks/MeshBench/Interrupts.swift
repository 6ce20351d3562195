import CLinux
import Foundation

/// SIGINT, SIGTERM and SIGHUP as something that can be waited for (signalfd(2)), so that what was made is always removed.
struct Interrupts {
    let descriptor: Int32

    init?() {
        descriptor = weft_signalfd()
        guard descriptor >= 0 else { return nil }
    }

    /// Throws if one has come.
    func check() throws {
        try wait(.zero)
    }

    /// Waits, unless one comes.
    func wait(_ duration: Duration) throws {
        let deadline = ContinuousClock.now + duration
        repeat {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&entry, 1, max(.zero, deadline - .now).wholeMilliseconds)
            guard ready <= 0 else { throw Interrupted() }
        } while ContinuousClock.now < deadline
    }
}

extension Duration {
    /// Rounded up, as poll(2) takes them.
    var wholeMilliseconds: Int32 { Int32(clamping: Int((self / .milliseconds(1)).rounded(.up))) }
    var inSeconds: Double { self / .seconds(1) }
}
