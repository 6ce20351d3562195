import CLinux
import Glibc

extension HostsFile {
    /// Somebody's file that came out of an exchange, under the name that ours had.
    struct Displaced {
        let path: String
        let target: String
        /// What took its place.
        let replacement: FileIdentity
    }

    /// One attempt to put a new file in the place of the present one.
    func replace(_ target: String, _ state: inout State, _ progress: inout Progress, _ content: ([UInt8]) -> [UInt8])
        throws(HostsFileError) -> Turn
    {
        guard let present = try openOrdinary(target, O_RDONLY) else { return .again }
        let old = try read(present)
        let new = content(old)
        interference(.read)
        if new == old { return .done(.unchanged) }
        removeLeftovers(beside: target, besides: progress.displaced.map(\.path))
        guard try status(present).st_nlink <= 1 else { return .mustWriteInPlace }
        let made: NewFile
        let isHasty = progress.attempt >= Self.firstHastyAttempt
        do throws(HostsFileError) { made = try make(new, beside: target, like: present, isHasty: isHasty) } catch {
            if case .noPermission = error.kind { return .mustWriteInPlace }
            throw error
        }
        // What is held can still be corrected in its place; else it had better be right.
        if !made.isHeld, try !isUnchanged(present, at: target, old) {
            unlink(made.path)
            return .again
        }
        interference(.compared)
        let turn = try exchange(made, target, Former(file: present, content: old), &state, &progress, content)
        // Once nobody has to wait for it any more.
        fsync(made.file.descriptor)
        syncFolder(of: target)
        return turn
    }

    /// A file of ours, before and while it takes the place of the present one.
    struct NewFile {
        let file: OpenFile
        let path: String
        let content: [UInt8]
        /// Whether nobody can open it, from before it gets to its place until it is right.
        let isHeld: Bool
    }

    /// `nil` if another one is about to be there, or somebody holds it for a moment.
    func openOrdinary(_ target: String, _ flags: CInt) throws(HostsFileError) -> OpenFile? {
        do throws(CallError) {
            let file = try OpenFile(target, flags: flags)
            guard try file.status().st_mode & S_IFMT == S_IFREG else { throw CallError("open", errno: EISDIR) }
            return file
        } catch {
            switch error.errno {
            case ELOOP, EAGAIN, ETXTBSY: return nil
            case EISDIR, ENXIO, ENODEV: throw HostsFileError(.notAFile, path: path)
            default: throw failure(error)
            }
        }
    }

    func status(_ file: OpenFile) throws(HostsFileError) -> stat {
        try told { () throws(CallError) in try file.status() }
    }

    private func isUnchanged(_ file: OpenFile, at target: String, _ content: [UInt8]) throws(HostsFileError) -> Bool {
        guard FileIdentity(of: target) == FileIdentity(try status(file)) else { return false }
        return try read(file) == content
    }

    // MARK: The new file

    private func make(_ content: [UInt8], beside target: String, like present: OpenFile, isHasty: Bool)
        throws(HostsFileError) -> NewFile
    {
        let path = temporaryPath(beside: target)
        let file = try told { () throws(CallError) in try OpenFile(path, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o600) }
        // While it is ours: once it has the present one's owner it might be refused.
        let isHeld = mayHold && weft_hold(file.descriptor) == 0
        do throws(CallError) {
            try file.takeOver(from: present)
            try file.write(content[...], at: 0)
            guard isHasty || fsync(file.descriptor) == 0 else { throw CallError("fsync") }
            return NewFile(file: file, path: path, content: content, isHeld: isHeld)
        } catch {
            unlink(path)
            throw failure(error)
        }
    }

    /// `.hosts.weft-weft0.` and a number: no other node has the interface, so none has the name.
    private func temporaryPath(beside target: String) -> String {
        let (folder, name) = Self.split(target)
        return "\(folder)/\(temporaryPrefix(of: name))\(UInt32.random(in: .min ... .max))"
    }

    private func temporaryPrefix(of name: String) -> String { ".\(name).weft-\(block.interface)." }

    /// The folder without a slash at its end, and the name in it.
    private static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        return (String(path[..<slash]), String(path[path.index(after: slash)...]))
    }

    /// Files that an earlier run was about to put in place when it ended.
    private func removeLeftovers(beside target: String, besides ours: [String]) {
        let (folder, name) = Self.split(target)
        let prefix = temporaryPrefix(of: name)
        guard let entries = opendir(folder.isEmpty ? "/" : folder) else { return }
        defer { closedir(entries) }
        while let entry = readdir(entries) {
            let found = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            guard found.hasPrefix(prefix), UInt32(found.dropFirst(prefix.count)) != nil else { continue }
            let path = "\(folder)/\(found)"
            if !ours.contains(path) { unlink(path) }
        }
    }

    // MARK: The exchange

    private func exchange(
        _ made: NewFile, _ target: String, _ present: Former, _ state: inout State, _ progress: inout Progress,
        _ content: ([UInt8]) -> [UInt8]
    ) throws(HostsFileError) -> Turn {
        defer { if made.isHeld { weft_release(made.file.descriptor) } }
        let error = weft_exchange(made.path, target)
        guard error == 0 else {
            unlink(made.path)
            return try turn(afterExchangeFailedWith: error)
        }
        interference(.exchanged)
        let identity = FileIdentity(try status(made.file))
        progress.written = .replaced
        progress.displaced.append(Displaced(path: made.path, target: target, replacement: identity))
        guard let out = try openOrdinary(made.path, O_RDONLY) else { return try undoLast(&progress) }
        // Asked before it is read: what nobody has open now stays as it is.
        let mayChange = out.isOpenForWriting ?? true
        let found = try read(out)
        if mayChange { state.formers.append(Former(file: out, content: found)) }
        guard let edit = HostsEdit(from: present.content, to: found, besides: block) else { return .done(.replaced) }
        guard made.isHeld else { return .repeating(edit) }
        // Nobody has seen ours, so it can still become what it should have been, and his edit is never out of sight.
        try told { () throws(CallError) in try made.file.change(from: made.content, to: content(found)) }
        return FileIdentity(of: target) == identity ? .again : .repeating(edit)
    }

    private func turn(afterExchangeFailedWith error: Int32) throws(HostsFileError) -> Turn {
        switch error {
        case ENOENT: .again
        // Something is mounted on it; the filesystem cannot; we may not.
        case EBUSY, EXDEV, EINVAL, ENOSYS, EACCES, EPERM, EROFS: .mustWriteInPlace
        default: throw failure(CallError("renameat2", errno: error))
        }
    }

    /// A link or something stranger had come to that place in the last moment: it goes back, and then it is looked at anew.
    private func undoLast(_ progress: inout Progress) throws(HostsFileError) -> Turn {
        guard let displaced = progress.displaced.popLast() else { return .again }
        let error = weft_exchange(displaced.path, displaced.target)
        if error == 0, FileIdentity(of: displaced.path) == displaced.replacement {
            unlink(displaced.path)
            return .again
        }
        // Not ours came out: it goes back as well.
        if error == 0 { _ = weft_exchange(displaced.path, displaced.target) }
        progress.displaced.append(displaced)
        throw HostsFileError(.contended, path: path)
    }

    private func syncFolder(of target: String) {
        let folder = open(Self.split(target).folder + "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    /// When it cannot be ended well: the last file that came out goes back, if ours is still there; whatever others did besides is kept
    /// under a name that the error tells.
    func putBack(_ displaced: [Displaced], after error: HostsFileError) -> HostsFileError {
        var rest = displaced
        if let last = rest.last, FileIdentity(of: last.target) == last.replacement, weft_exchange(last.path, last.target) == 0 {
            if FileIdentity(of: last.path) == last.replacement {
                unlink(last.path)
                rest.removeLast()
            } else {
                _ = weft_exchange(last.path, last.target)
            }
        }
        var error = error
        for displaced in rest {
            let place = "\(displaced.target).weft-saved-\(UInt32.random(in: .min ... .max))"
            error.setAside.append(rename(displaced.path, place) == 0 ? place : displaced.path)
        }
        return error
    }
}
