/// The table of settings as text, for people.
package enum Listing {
    /// A settings file in which everything is explained and nothing is set.
    package static var exampleFile: String {
        let head = """
            # Settings of weft, read from \(Setting.standardFile). Flags go before variables (WEFT_…), these before this file.
            # `weft config check FILE` tells what is wrong with a file; `weft config` what holds, and where it comes from.
            # A file with join or cluster-key in it holds the mesh's secret: keep it from other users (mode 0600). The systemd service cannot read
            # it then: it takes them from /etc/default/weft (WEFT_JOIN=...).

            """
        return head + Setting.all.filter { !$0.isForTheMoment }.map { "\n" + example($0) }.joined()
    }

    private static func example(_ setting: Setting) -> String {
        let text = "\(setting.help) Default: \(setting.standard)."
        let comment = wrapped(text, width: 110).map { "# \($0)\n" }.joined()
        let note = setting.moment == .reload ? "# A change takes effect at SIGHUP (`systemctl reload weft`).\n" : ""
        return comment + note + "#\(setting.key): \(exampleValue(setting))\n"
    }

    private static func exampleValue(_ setting: Setting) -> String {
        if case .list = setting.kind { "[\(setting.example)]" } else { setting.example }
    }

    /// The reference page's table.
    package static var reference: String {
        let head = """
            | setting | flag | variable | what it is | default | a change takes effect |
            |---|---|---|---|---|---|

            """
        return head + Setting.all.map(row).joined()
    }

    private static func row(_ setting: Setting) -> String {
        let value =
            switch setting.kind {
            case .text(let value): " \(value.uppercased())"
            case .list(let value): " \(value.uppercased())"
            case .toggle: ""
            }
        let cells = [
            setting.isForTheMoment ? "" : "`\(setting.key)`", "`\(setting.flag)\(value)`",
            ([setting.variable] + [setting.inheritedVariable].compactMap(\.self)).map { "`\($0)`" }.joined(separator: " "),
            setting.help, setting.standard, setting.moment == .reload ? "at SIGHUP" : "at a restart",
        ]
        return "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
    }

    /// What holds, as lines of a settings file, with where it comes from behind each.
    package static func effective(_ given: GivenSettings) -> [String] {
        let lines = Setting.all.filter { !$0.isForTheMoment || given[$0] != nil }.map { setting -> (String, String) in
            guard let value = given[setting] else { return ("# \(setting.key):", "default: \(setting.standard)") }
            return ("\(setting.key): \(shown(value, of: setting))", source(value.origin))
        }
        let width = min(60, lines.map(\.0.count).max() ?? 0)
        return lines.map { $0 + String(repeating: " ", count: max(0, width - $0.count)) + "  # \($1)" }
    }

    private static func shown(_ value: GivenValue, of setting: Setting) -> String {
        setting.isSecret ? "(secret)" : text(value.values, of: setting)
    }

    private static func text(_ values: [String], of setting: Setting) -> String {
        let texts = values.map(quoted)
        if case .list = setting.kind { return "[\(texts.joined(separator: ", "))]" }
        return texts.first ?? ""
    }

    /// A settings file, secrets and all.
    package static func file(_ settings: [(Setting, [String])]) -> String {
        settings.map { "\($0.key): \(text($1, of: $0))\n" }.joined()
    }

    /// The same as variables for systemd (systemd.exec(5), EnvironmentFile=), which reads what is in double quotes as a shell does.
    package static func variables(_ settings: [(Setting, [String])]) -> String {
        settings.map { setting, values in
            let text = values.joined(separator: ",").map { "\"\\$`".contains($0) ? "\\\($0)" : "\($0)" }.joined()
            return "\(setting.variable)=\"\(text)\"\n"
        }.joined()
    }

    private static func source(_ origin: Origin) -> String {
        switch origin {
        case .flag(let flag): flag
        case .environment(let variable): variable
        case .file(let path, let line): "\(path):\(line)"
        }
    }

    /// As YAML has it: quoted unless it is plain.
    static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) || [0x2d, 0x2e, 0x2f, 0x5f].contains(byte)
            }
        guard !isPlain || text.first == "-" || text.first == "." else { return text }
        let escaped = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case " "..."~": "\(scalar)"
            default: "\\U" + String(repeating: "0", count: 8 - String(scalar.value, radix: 16).count) + String(scalar.value, radix: 16)
            }
        }
        return "\"\(escaped.joined())\""
    }

    /// Lines of at most `width` characters, broken at spaces.
    static func wrapped(_ text: String, width: Int) -> [String] {
        text.split(separator: " ").reduce(into: [""]) { lines, word in
            let last = lines[lines.count - 1]
            if last.isEmpty {
                lines[lines.count - 1] = String(word)
            } else if last.count + 1 + word.count <= width {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append(String(word))
            }
        }
    }
}
