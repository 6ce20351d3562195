import Glibc

/// Why a hosts file was not changed. It is as it was, unless the text says otherwise.
package struct HostsFileError: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case missing
        /// A folder, a device or something else that has no lines.
        case notAFile
        /// More than `HostsFile.maximumBytes`.
        case tooLarge
        case noPermission(call: String, errno: Int32)
        case diskFull(errno: Int32)
        /// Others changed the file again and again while it was to be changed.
        case contended
        case failed(call: String, errno: Int32)
    }

    package let kind: Kind
    package let path: String
    /// Files that hold what others wrote in the very moment and what could not be put back; nearly never any.
    package var setAside: [String] = []

    init(_ kind: Kind, path: String) {
        self.kind = kind
        self.path = path
    }

    /// From what a call left in `errno`.
    init(_ call: String, errno error: Int32, path: String) {
        self.path = path
        kind =
            switch error {
            case ENOENT, ENOTDIR: .missing
            case EACCES, EPERM, EROFS: .noPermission(call: call, errno: error)
            case ENOSPC, EDQUOT, EFBIG: .diskFull(errno: error)
            default: .failed(call: call, errno: error)
            }
    }
}

extension HostsFileError: CustomStringConvertible {
    package var description: String {
        let aside = setAside.isEmpty ? "" : "; what somebody else wrote at that moment is in \(setAside.joined(separator: ", "))"
        return reason + aside
    }

    private var reason: String {
        switch kind {
        case .missing:
            "there is no file \(path): make one (touch \(path)), or use weft without a hosts file"
        case .notAFile:
            "\(path) is no ordinary file: put one there, or use weft without a hosts file"
        case .tooLarge:
            "\(path) is longer than \(HostsFile.maximumBytes >> 20) MiB: shorten it, or use weft without a hosts file"
        case .noPermission(let call, let error):
            "no permission to change \(path) (\(call): \(Self.text(error))): run weft as a user who may, look for a read-only filesystem or `lsattr \(path)`, or use weft without a hosts file"
        case .diskFull(let error):
            "no room to change \(path) (\(Self.text(error))): make room on its disk; the file is as it was"
        case .contended:
            "\(path) changes so often that weft could not change it: look which program writes it all the time"
        case .failed(let call, let error):
            "could not change \(path) (\(call): \(Self.text(error)))"
        }
    }

    private static func text(_ error: Int32) -> String {
        String(cString: strerror(error))
    }
}
