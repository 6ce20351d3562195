import DNSCodec
import Glibc
import Synchronization

/// Keeps one block of ours in a hosts file that others write too.
///
/// All calls block, for some milliseconds as a rule, and for less than a second when others write without end: they belong on a thread
/// that may wait. Several nodes, each with a block of its own, may share the file. A process that ignores SIGXFSZ gets an error for a file
/// that is too long for its limits; another one is ended by the kernel, and the file is whole all the same.
///
/// The new file is made beside the old one and exchanged with it (renameat2(2), RENAME_EXCHANGE), so that at every moment, a crash
/// included, there is a whole one. It has the old one's owner, permissions, attributes and, by way of a link, place. What comes out of
/// the exchange is compared with what had been read; if somebody was quicker, the new file takes over what he did before anybody can open
/// it, for it is held with a lease (fcntl(2)): who opens it in these few microseconds waits, or is told EAGAIN if he opens it with
/// O_NONBLOCK. What that holds for others:
///
/// - Who replaces the file (editors, `sed -i`, package scripts; another `HostsFile`) loses nothing. Where there are no leases (network
///   filesystems, a file that is somebody else's) his edit may be out of sight for a few milliseconds, until the next exchange; if he edits
///   the file without it meanwhile, both edits are there after `settle()`.
/// - Who opens the file and writes to it (`>>`, `tee`, `cp`, also over hours) loses nothing if `settle()` is called until it says that
///   there is no more to wait for: he may have the former file open, and that is watched. By a lease, too, the kernel tells whether he
///   has; without, only what is written until the first `settle()` counts.
/// - Who reads sees the old file or the new one.
///
/// Where nothing can be exchanged (a file that is mounted on its own, as in containers; a folder that may not be written; a file with
/// several names; filesystems that cannot) the file is written in place, after room for it has been made sure of. As a rule nobody
/// else can open it for that moment. Somebody who has it open already when that begins, and writes in the same few microseconds, may lose
/// what he writes; and a crash then may leave a part of our lines or, behind lines that moved, some lines twice.
package final class HostsFile: Sendable {
    package static let defaultPath = "/etc/hosts"
    package static let maximumBytes = 64 << 20
    /// How often the file is tried again that others change.
    static let maximumAttempts = 40
    /// How long it is waited between two attempts, in microseconds: more each time, up to
    static let maximumPauseMicroseconds: UInt32 = 5_000
    /// From this attempt on there is more haste: the new file is brought to the disk after it has come to its place, not before.
    static let firstHastyAttempt = 3
    /// For so many attempts in a row the file may be away: some editors move the old one aside first.
    static let maximumAbsences = 20
    /// Replaced files that are watched at once; of more, the last.
    static let maximumFormers = 16

    package enum Outcome: Hashable, Sendable {
        /// It was right already; nothing was written.
        case unchanged
        case replaced
        case writtenInPlace
    }

    /// What our block shall be.
    enum Change {
        case update([Zone.Entry])
        case remove
    }

    /// A file that was replaced, and that somebody may have open still.
    struct Former {
        let file: OpenFile
        /// What of it is in the file that replaced it.
        var content: [UInt8]
    }

    struct State {
        var change = Change.remove
        var formers: [Former] = []
        /// What others did that was out of sight for a moment: somebody may have read the file then, and write it back without that.
        var unverified: [HostsEdit] = []
    }

    /// Moments that a test waits for, to do what others might.
    enum Moment {
        case read
        case compared
        case exchanged
    }

    let path: String
    let block: HostsBlock
    let mayHold: Bool
    let interference: @Sendable (Moment) -> Void
    private let state = Mutex(State())

    package convenience init(path: String = defaultPath, block: HostsBlock) {
        self.init(path: path, block: block, mayHold: true, interference: { _ in })
    }

    /// - Parameter mayHold: false to do as if there were no leases.
    init(path: String, block: HostsBlock, mayHold: Bool, interference: @escaping @Sendable (Moment) -> Void) {
        self.path = path
        self.block = block
        self.mayHold = mayHold
        self.interference = interference
    }

    /// Makes our block say exactly this. Entries whose name is no `HostLabel` are left out.
    package func update(_ entries: [Zone.Entry]) throws(HostsFileError) -> Outcome {
        try carryOut(.update(entries))
    }

    /// Takes our block away.
    package func remove() throws(HostsFileError) -> Outcome {
        try carryOut(.remove)
    }

    /// Whether there is nothing that `settle()` would wait for.
    package var isSettled: Bool { state.withLock { $0.formers.isEmpty && $0.unverified.isEmpty } }

    /// Looks whether somebody wrote to a file that was replaced while he had it open, and brings that over. To be called a second or so
    /// after a change, and again until it says that it is done: not before everybody has closed the former file.
    package func settle() throws(HostsFileError) -> Bool {
        try withState { state throws(HostsFileError) in
            try self.settle(&state)
            state.unverified = []
            return state.formers.isEmpty
        }
    }

    private func carryOut(_ change: Change) throws(HostsFileError) -> Outcome {
        try withState { state throws(HostsFileError) in
            try self.settle(&state)
            state.change = change
            return try self.run(&state, state.unverified)
        }
    }

    private func withState<Result>(_ body: (inout State) throws(HostsFileError) -> Result) throws(HostsFileError) -> Result {
        try state.withLock { state throws(HostsFileError) in try body(&state) }
    }
}
