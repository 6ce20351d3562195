/// A settings file that was read: values with their lines, and whatever is wrong with it.
package struct SettingsFile: Sendable {
    package static let maximumBytes = FlatYAML.maximumBytes

    package let path: String
    package private(set) var values: [Setting: GivenValue] = [:]
    /// A sentence each, which begins with file and line; in their order.
    package private(set) var problems: [String] = []
    /// Every user of the machine can read it.
    private var isOpenToAll = false

    /// An empty one.
    package init(path: String) {
        self.path = path
    }

    package init(path: String, bytes: [UInt8], isOpenToAll: Bool = false) {
        self.path = path
        self.isOpenToAll = isOpenToAll
        do throws(FlatYAML.Fault) {
            for entry in try FlatYAML(bytes).entries { take(entry) }
        } catch {
            problems.append("\(path):\(error.line): \(error.reason)")
        }
    }

    /// What is allowed and had better be otherwise.
    var hints: [String] {
        guard isOpenToAll, let secret = values.keys.filter(\.isSecret).map(\.key).min() else { return [] }
        return ["every user of this machine can read \(path), and \(secret) holds the mesh's secret: chmod o= \(path)"]
    }

    private mutating func take(_ entry: FlatYAML.Entry) {
        let origin = Origin.file(path: path, line: entry.line)
        let problem: String
        if let setting = Setting.named(entry.key) {
            if let reason = Self.misuse(of: setting, by: entry) {
                problem = reason
            } else {
                values[setting] = GivenValue(values: entry.values, origin: origin)
                return
            }
        } else {
            problem = "\(Self.shown(entry.key)): no such setting" + Spelling.hint(for: entry.key, among: Setting.all.map(\.key))
        }
        problems.append("\(path):\(entry.line): \(problem)")
    }

    private static func misuse(of setting: Setting, by entry: FlatYAML.Entry) -> String? {
        if setting.isForTheMoment { return "\(setting.key) would happen at each start: say it once, with \(setting.flag)" }
        switch setting.kind {
        case .list: return nil
        case .text: return entry.isList ? "\(setting.key) takes one value, not a list" : nil
        case .toggle:
            if entry.isList { return "\(setting.key) takes true or false, not a list" }
            return Toggle(entry.values.first ?? "") == nil ? "\(setting.key) takes true or false" : nil
        }
    }

    /// What somebody wrote, short and on one line.
    static func shown(_ text: String) -> String {
        let isPlain = text.utf8.count <= 40 && !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
        return isPlain ? text : "this key"
    }
}

/// How yes and no may be written.
package enum Toggle {
    case on
    case off

    package init?(_ text: String) {
        switch text.lowercased() {
        case "true", "yes", "on", "1": self = .on
        case "false", "no", "off", "0", "": self = .off
        default: return nil
        }
    }
}
