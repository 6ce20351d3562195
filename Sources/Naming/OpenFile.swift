import CLinux
import Glibc

/// A failed call and its `errno`.
struct CallError: Error {
    let call: String
    let errno: Int32

    init(_ call: String, errno: Int32 = Glibc.errno) {
        self.call = call
        self.errno = errno
    }
}

/// An open file, closed with its last owner.
final class OpenFile: Sendable {
    let descriptor: CInt

    /// Of an ordinary file; nothing is waited for, whatever is at that path.
    init(_ path: String, flags: CInt, mode: mode_t = 0) throws(CallError) {
        descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, mode)
        guard descriptor >= 0 else { throw CallError("open") }
    }

    deinit {
        close(descriptor)
    }

    func status() throws(CallError) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw CallError("fstat") }
        return status
    }

    /// All of it; one byte more than `limit` if it is longer.
    func read(atMost limit: Int) throws(CallError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= limit {
            let count = pread(descriptor, &chunk, min(chunk.count, limit + 1 - bytes.count), off_t(bytes.count))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw CallError("read") }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return bytes
    }

    func write(_ bytes: ArraySlice<UInt8>, at offset: Int) throws(CallError) {
        var rest = bytes
        var place = off_t(offset)
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, place) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw CallError("write", errno: count == 0 ? ENOSPC : errno) }
            rest = rest.dropFirst(count)
            place += off_t(count)
        }
    }

    /// Writes where its content differs, after room for it has been made sure of. If that fails, the old content is back.
    func change(from old: [UInt8], to new: [UInt8]) throws(CallError) {
        let start = zip(old, new).prefix { $0 == $1 }.count
        do throws(CallError) {
            if new.count > old.count {
                let error = weft_reserve(descriptor, off_t(old.count), off_t(new.count - old.count))
                guard error == 0 else { throw CallError("fallocate", errno: error) }
            }
            try write(new[start...], at: start)
            guard new.count >= old.count || ftruncate(descriptor, off_t(new.count)) == 0 else { throw CallError("ftruncate") }
        } catch {
            try? write(old[start...], at: start)
            ftruncate(descriptor, off_t(old.count))
            throw error
        }
    }

    /// `nil` if the kernel does not say; only for a file that is open for reading alone.
    var isOpenForWriting: Bool? {
        switch weft_is_open_for_writing(descriptor) {
        case 0: false
        case 1: true
        default: nil
        }
    }
}

extension OpenFile {
    /// Owner, group, permissions, and the extended attributes that can be had: access lists and security labels are among them.
    func takeOver(from other: OpenFile) throws(CallError) {
        let (theirs, ours) = (try other.status(), try status())
        if theirs.st_uid != ours.st_uid || theirs.st_gid != ours.st_gid {
            guard fchown(descriptor, theirs.st_uid, theirs.st_gid) == 0 else { throw CallError("fchown") }
        }
        for name in other.attributeNames { copyAttribute(name, from: other) }
        guard fchmod(descriptor, theirs.st_mode & 0o7777) == 0 else { throw CallError("fchmod") }
    }

    /// The most bytes of a list of names, and of a value (`XATTR_LIST_MAX`, `XATTR_SIZE_MAX` in the kernel).
    private static let maximumAttributeBytes = 65_536
    /// They say what the content was: of another content they would be wrong.
    private static let attributesOfContent: Set = ["security.ima", "security.evm"]

    private var attributeNames: [String] {
        var list = [CChar](repeating: 0, count: Self.maximumAttributeBytes)
        let count = flistxattr(descriptor, &list, list.count)
        guard count > 0 else { return [] }
        let names = list[..<count].split(separator: 0).map { String(decoding: $0.map(UInt8.init(bitPattern:)), as: UTF8.self) }
        return names.filter { !Self.attributesOfContent.contains($0) }
    }

    private func copyAttribute(_ name: String, from other: OpenFile) {
        var value = [UInt8](repeating: 0, count: Self.maximumAttributeBytes)
        let count = fgetxattr(other.descriptor, name, &value, value.count)
        guard count >= 0 else { return }
        fsetxattr(descriptor, name, &value, count, 0)
    }
}

/// Which file it is, whatever its name.
struct FileIdentity: Hashable {
    private let device: dev_t
    private let number: ino_t

    init(_ status: stat) {
        device = status.st_dev
        number = status.st_ino
    }

    /// Of the file of that name, links not followed.
    init?(of path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        self.init(status)
    }
}
