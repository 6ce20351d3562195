import Settings

/// Settings that were found in the file of a program which Weft succeeds.
package struct InheritedSettings: Hashable, Sendable {
    /// One setting and what it is to be.
    package struct Entry: Hashable, Sendable {
        package let setting: Setting
        package let values: [String]

        init(_ setting: Setting, _ values: String...) {
            self.init(setting, values)
        }

        init(_ setting: Setting, _ values: [String]) {
            self.setting = setting
            self.values = values
        }
    }

    /// The program whose file it is.
    package let program: String
    package var entries: [Entry] = []
    /// What a person should know or do besides: a sentence each.
    package var remarks: [String] = []
}

/// Reads what `wesher` and `w2wesher` keep on disk.
package enum AncestorFile {
    /// A state of `wesher` has a few hundred bytes for each node.
    package static let maximumBytes = 4 << 20
    /// Members to join by that are taken over: one that answers is enough.
    package static let maximumHosts = 16

    /// Tells by its content whose file it is.
    package static func read(_ bytes: [UInt8]) throws(AncestorFileError) -> InheritedSettings {
        guard bytes.count <= maximumBytes else { throw .tooLarge }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let first = text.unicodeScalars.first(where: { !$0.properties.isWhitespace }) else { throw .empty }
        return first == "{" ? try WesherState.read(bytes) : try W2wesherFile.read(text)
    }
}

/// Why a file cannot be taken over.
package enum AncestorFileError: Error, Hashable, Sendable {
    case empty
    case tooLarge
    case noWesherState
    /// Counted from 1.
    case notUnderstood(line: Int)
    case noW2wesherFile
}

extension AncestorFileError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty: "the file is empty"
        case .tooLarge: "the file has more than \(AncestorFile.maximumBytes >> 20) MiB: no file of wesher's or w2wesher's"
        case .noWesherState:
            "no state of wesher: that is a JSON object with ClusterKey and Nodes, and this one is something else, or damaged"
        case .notUnderstood(let line): "line \(line) is neither [section] nor key = value: no INI file of w2wesher's, or damaged"
        case .noW2wesherFile: "no file of w2wesher's: it has neither a section [P2P] nor [Wireguard]"
        }
    }
}
