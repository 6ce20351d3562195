/// A reader of the text format that takes nothing but what the format allows: what it reads, Prometheus does.
struct Exposition: Equatable {
    struct Sample: Equatable {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    struct Malformed: Error {
        var line: String
    }

    var samples: [Sample] = []
    /// Of each family.
    var types: [String: String] = [:]
    var help: [String: String] = [:]

    init(_ text: String) throws {
        let scalars = Substring(text).unicodeScalars
        guard scalars.isEmpty || scalars.last == "\n", !scalars.contains("\0") else { throw Malformed(line: "the end") }
        for line in scalars.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map({ String($0) }) {
            let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
            if line.hasPrefix("# ") {
                try readHead(words, line)
            } else {
                samples.append(try Self.sample(line))
            }
        }
        try checkFamilies()
    }

    private mutating func readHead(_ words: [String], _ line: String) throws {
        guard words.count == 4, Self.isName(words[2]) else { throw Malformed(line: line) }
        switch words[1] {
        case "TYPE":
            guard ["counter", "gauge", "summary"].contains(words[3]), types.updateValue(words[3], forKey: words[2]) == nil else {
                throw Malformed(line: line)
            }
        case "HELP":
            guard types[words[2]] == nil, help.updateValue(words[3], forKey: words[2]) == nil else { throw Malformed(line: line) }
        default: throw Malformed(line: line)
        }
    }

    /// Each sample is one of a family that has been announced, and there is one of each.
    private func checkFamilies() throws {
        var seen: Set<String> = []
        for sample in samples {
            let base = ["_sum", "_count"].first { sample.name.hasSuffix($0) }.map { String(sample.name.dropLast($0.count)) }
            let isKnown = types[sample.name] != nil || types[base ?? ""] == "summary"
            let identity = "\(sample.name)\(sample.labels.sorted { $0.key < $1.key })"
            guard isKnown, seen.insert(identity).inserted else { throw Malformed(line: identity) }
        }
    }

    private static func sample(_ line: String) throws -> Sample {
        var rest = Substring(line).unicodeScalars
        let name = String(rest.prefix { $0 != "{" && $0 != " " })
        rest.removeFirst(name.unicodeScalars.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            repeat {
                rest.removeFirst()
                let label = String(rest.prefix { $0 != "=" })
                rest.removeFirst(label.unicodeScalars.count)
                guard isName(label), !label.contains(":"), rest.prefix(2).elementsEqual("=\"".unicodeScalars) else {
                    throw Malformed(line: line)
                }
                rest.removeFirst(2)
                guard let value = quoted(&rest), labels.updateValue(value, forKey: label) == nil else { throw Malformed(line: line) }
            } while rest.first == ","
            guard rest.popFirst() == "}" else { throw Malformed(line: line) }
        }
        guard isName(name), rest.popFirst() == " ", let value = Double(String(rest)) else { throw Malformed(line: line) }
        return Sample(name: name, labels: labels, value: value)
    }

    private static func quoted(_ rest: inout Substring.UnicodeScalarView) -> String? {
        var value = String.UnicodeScalarView()
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"": return String(value)
            case "\\":
                switch rest.popFirst() {
                case "n": value.append("\n")
                case "\\": value.append("\\")
                case "\"": value.append("\"")
                default: return nil
                }
            default: value.append(scalar)
            }
        }
        return nil
    }

    private static func isName(_ text: String) -> Bool {
        text.wholeMatch(of: #/[a-zA-Z_:][a-zA-Z0-9_:]*/#) != nil
    }
}
