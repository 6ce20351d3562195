import Glibc

/// Files that are there as a whole or not at all.
extension StateDirectory {
    /// `nil` if there is no such file. What is behind the limit is left out.
    func read(_ name: String, atMost limit: Int) throws(DaemonError) -> [UInt8]? {
        let descriptor = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .stateDirectory(path: "\(path)/\(name)", reason: errnoText())
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < limit {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .stateDirectory(path: "\(path)/\(name)", reason: errnoText()) }
            bytes += chunk[..<count]
        }
        return Array(bytes.prefix(limit))
    }

    /// Temporary file, fsync, rename; it lasts once the folder is synced as well.
    func replace(_ name: String, by bytes: [UInt8]) throws(DaemonError) {
        let temporary = "\(name).new"
        unlinkat(folder, temporary, 0)  // of a run that has crashed: it may have other permissions
        let descriptor = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .stateDirectory(path: "\(path)/\(temporary)", reason: errnoText()) }
        let isWritten = writeAll(bytes, to: descriptor) && fsync(descriptor) == 0
        let reason = errnoText()
        close(descriptor)
        guard isWritten, renameat(folder, temporary, folder, name) == 0 else {
            unlinkat(folder, temporary, 0)
            throw .stateDirectory(path: "\(path)/\(name)", reason: isWritten ? errnoText() : reason)
        }
    }

    func syncFolder() {
        fsync(folder)
    }

    private func writeAll(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

func errnoText() -> String {
    String(cString: strerror(errno))
}
