import DNSCodec
import Glibc

/// How often it must be done until it is done.
extension HostsFile {
    /// What one attempt came to.
    enum Turn {
        case done(Outcome)
        /// Somebody was quicker; nothing of his is out of sight.
        case again
        /// Somebody was quicker, and what he did is out of sight until it is done again.
        case repeating(HostsEdit)
        case mustWriteInPlace
    }

    /// What one call has done so far.
    struct Progress {
        /// What others did that is not in the file now, or may not be.
        var edits: [HostsEdit] = []
        var displaced: [Displaced] = []
        var writesInPlace = false
        var attempt = 0
        /// How something was written, if anything was.
        var written: Outcome?
    }

    func settle(_ state: inout State) throws(HostsFileError) {
        let formers = state.formers
        var (kept, edits) = ([Former](), state.unverified)
        for former in formers {
            // Asked before it is read: what nobody has open now stays as it is.
            let mayChange = former.file.isOpenForWriting ?? false
            let content = try read(former.file)
            if let edit = HostsEdit(from: former.content, to: content, besides: block) { edits.append(edit) }
            if mayChange { kept.append(Former(file: former.file, content: content)) }
        }
        guard !edits.isEmpty else { return state.formers = kept }
        state.formers = kept
        do throws(HostsFileError) { try run(&state, edits) } catch {
            state.formers = formers + state.formers.dropFirst(kept.count)
            throw error
        }
    }

    @discardableResult
    func run(_ state: inout State, _ edits: [HostsEdit] = []) throws(HostsFileError) -> Outcome {
        var progress = Progress(edits: edits)
        defer { state.formers = state.formers.suffix(Self.maximumFormers) }
        do throws(HostsFileError) {
            let outcome = try rounds(&state, &progress)
            for displaced in progress.displaced { unlink(displaced.path) }
            state.unverified = progress.edits.suffix(Self.maximumAttempts)
            return outcome
        } catch {
            throw putBack(progress.displaced, after: error)
        }
    }

    private func rounds(_ state: inout State, _ progress: inout Progress) throws(HostsFileError) -> Outcome {
        var absences = 0
        for attempt in 0..<Self.maximumAttempts {
            progress.attempt = attempt
            if attempt > 0 { usleep(min(Self.maximumPauseMicroseconds, 50 << UInt32(min(attempt, 10)))) }
            do throws(HostsFileError) {
                switch try turn(&state, &progress) {
                case .done(let outcome): return progress.written ?? outcome
                case .again: break
                case .repeating(let edit): progress.edits.append(edit)
                case .mustWriteInPlace: progress.writesInPlace = true
                }
                absences = 0
            } catch {
                absences += 1
                guard error.kind == .missing, absences < Self.maximumAbsences else { throw error }
            }
        }
        throw HostsFileError(.contended, path: path)
    }

    private func turn(_ state: inout State, _ progress: inout Progress) throws(HostsFileError) -> Turn {
        guard let resolved = realpath(path, nil) else { throw failure(CallError("realpath")) }
        defer { free(resolved) }
        let target = String(cString: resolved)
        let (change, edits) = (state.change, progress.edits)
        let content = { (current: [UInt8]) in self.content(change, edits, from: current) }
        return progress.writesInPlace ? try writeInPlace(target, &progress, content) : try replace(target, &state, &progress, content)
    }

    /// The file as it shall be, made from the present one.
    private func content(_ change: Change, _ edits: [HostsEdit], from current: [UInt8]) -> [UInt8] {
        let isOurs = current == changed(change, current)
        let edited = edits.reduce(current) { $1.applied(to: $0, isFromBefore: isOurs) }
        return changed(change, edited)
    }

    private func changed(_ change: Change, _ file: [UInt8]) -> [UInt8] {
        switch change {
        case .update(let entries): block.updated(file, with: entries)
        case .remove: block.removed(from: file)
        }
    }

    func read(_ file: OpenFile) throws(HostsFileError) -> [UInt8] {
        let bytes = try told { () throws(CallError) in try file.read(atMost: Self.maximumBytes) }
        guard bytes.count <= Self.maximumBytes else { throw HostsFileError(.tooLarge, path: path) }
        return bytes
    }

    /// What goes wrong is told with the file's name.
    func told<Result>(_ body: () throws(CallError) -> Result) throws(HostsFileError) -> Result {
        do throws(CallError) { return try body() } catch { throw failure(error) }
    }

    func failure(_ error: CallError) -> HostsFileError {
        HostsFileError(error.call, errno: error.errno, path: path)
    }
}
