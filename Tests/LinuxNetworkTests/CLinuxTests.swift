import CLinux
import Glibc
import Testing

@Suite struct CLinuxTests {
    @Test func clockGoesForward() {
        let first = weft_boottime_nanoseconds()
        #expect(first > 0)
        #expect(weft_boottime_nanoseconds() >= first)
    }

    @Test func capabilities() {
        #expect(!weft_has_capability(-1))
        #expect(!weft_has_capability(64))
    }

    @Test func signalsArriveOnTheDescriptor() {
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, nil, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let descriptor = weft_signalfd()
        #expect(descriptor >= 0)
        defer { close(descriptor) }
        var information = signalfd_siginfo()
        #expect(read(descriptor, &information, MemoryLayout<signalfd_siginfo>.size) == -1)
        #expect(errno == EAGAIN)
        #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
        // To this thread only, where it is blocked.
        pthread_kill(pthread_self(), SIGHUP)
        #expect(read(descriptor, &information, MemoryLayout<signalfd_siginfo>.size) == 128)
        #expect(information.ssi_signo == UInt32(SIGHUP))
    }
}
