import CYAML

/// One mapping of names to scalars or to lists of scalars: all of YAML 1.1 that a settings file needs, with the lines for errors.
struct FlatYAML {
    struct Entry: Hashable {
        var key: String
        var values: [String]
        var isList: Bool
        /// Counted from 1.
        var line: Int
    }

    struct Fault: Error, Hashable {
        var line: Int
        var reason: String
    }

    /// More is no settings file.
    static let maximumBytes = 64 << 10
    /// Keys in a file, values in a list.
    static let maximumItems = 256

    private(set) var entries: [Entry] = []

    /// Reads all of `bytes`; empty bytes are an empty mapping.
    init(_ bytes: [UInt8]) throws(Fault) {
        guard bytes.count <= Self.maximumBytes else {
            throw Fault(line: 1, reason: "the file has more than \(Self.maximumBytes >> 10) KiB")
        }
        var reader = Reader()
        try bytes.withUnsafeBufferPointer { input throws(Fault) in
            // It holds pointers into itself, so it must not move.
            let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
            defer { parser.deallocate() }
            guard yaml_parser_initialize(parser) == 1 else { throw Fault(line: 1, reason: "no memory to read it") }
            defer { yaml_parser_delete(parser) }
            yaml_parser_set_input_string(parser, input.baseAddress, input.count)
            while !reader.isAtEnd { try reader.take(Self.next(parser)) }
        }
        entries = reader.entries
    }

    private static func next(_ parser: UnsafeMutablePointer<yaml_parser_t>) throws(Fault) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else {
            let line = max(parser.pointee.problem_mark.line, parser.pointee.context_mark.line)
            throw Fault(line: Int(clamping: line) + 1, reason: parser.pointee.problem.map { String(cString: $0) } ?? "no valid YAML")
        }
        defer { yaml_event_delete(&event) }
        return Event(event)
    }
}

/// What libyaml tells of, as far as it matters here.
private struct Event {
    enum Kind {
        case scalar(String, isEmpty: Bool)
        case listStart
        case listEnd
        case mappingStart
        case mappingEnd
        case alias
        case documentStart
        case end
        case other
    }

    let kind: Kind
    let line: Int

    init(_ event: yaml_event_t) {
        line = Int(clamping: event.start_mark.line) + 1
        kind =
            switch event.type {
            case YAML_SCALAR_EVENT: Self.scalar(event)
            case YAML_SEQUENCE_START_EVENT: .listStart
            case YAML_SEQUENCE_END_EVENT: .listEnd
            case YAML_MAPPING_START_EVENT: .mappingStart
            case YAML_MAPPING_END_EVENT: .mappingEnd
            case YAML_ALIAS_EVENT: .alias
            case YAML_DOCUMENT_START_EVENT: .documentStart
            case YAML_STREAM_END_EVENT: .end
            default: .other
            }
    }

    private static func scalar(_ event: yaml_event_t) -> Kind {
        let scalar = event.data.scalar
        let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
        let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
        return .scalar(text, isEmpty: isPlain && ["", "~", "null", "Null", "NULL"].contains(text))
    }
}

/// Puts the events together.
private struct Reader {
    private enum Place {
        case outside
        case atKey
        case atValue(key: String, line: Int)
        case inList(key: String, line: Int, values: [String])
        case done
    }

    private var place = Place.outside
    private var documents = 0
    var entries: [FlatYAML.Entry] = []
    private(set) var isAtEnd = false

    mutating func take(_ event: Event) throws(FlatYAML.Fault) {
        switch (place, event.kind) {
        case (_, .end): isAtEnd = true
        case (_, .other): break
        case (_, .alias): throw FlatYAML.Fault(line: event.line, reason: "references (*name) are not for settings: write the value out")
        case (_, .documentStart): try beginDocument(event.line)
        case (.outside, .mappingStart): place = .atKey
        case (.outside, .scalar(_, isEmpty: true)): place = .done  // comments alone
        case (.atKey, .scalar(let key, _)): try begin(key, event.line)
        case (.atKey, .mappingEnd): place = .done
        case (.atValue(let key, let line), .scalar(let text, let isEmpty)):
            guard !isEmpty else { throw FlatYAML.Fault(line: line, reason: "\(shown(key)) has no value") }
            add(key, [text], isList: false, line)
        case (.atValue(let key, let line), .listStart): place = .inList(key: key, line: line, values: [])
        case (.inList(let key, let line, let values), .scalar(let text, let isEmpty)):
            guard !isEmpty else { throw FlatYAML.Fault(line: event.line, reason: "\(shown(key)) has an empty value in its list") }
            guard values.count < FlatYAML.maximumItems else { throw tooMany(event.line) }
            place = .inList(key: key, line: line, values: values + [text])
        case (.inList(let key, let line, let values), .listEnd): add(key, values, isList: true, line)
        case (.atValue(let key, _), _), (.inList(let key, _, _), _):
            throw FlatYAML.Fault(line: event.line, reason: "\(shown(key)) takes a value or a list of values")
        case (.outside, _), (.atKey, _), (.done, _):
            throw FlatYAML.Fault(line: event.line, reason: "a settings file has lines like `cluster-port: 10042`")
        }
    }

    private mutating func beginDocument(_ line: Int) throws(FlatYAML.Fault) {
        documents += 1
        guard documents == 1 else { throw FlatYAML.Fault(line: line, reason: "a second document (---): a settings file has one") }
    }

    private mutating func begin(_ key: String, _ line: Int) throws(FlatYAML.Fault) {
        if let first = entries.first(where: { $0.key == key }) {
            throw FlatYAML.Fault(line: line, reason: "\(shown(key)) stands in line \(first.line) already")
        }
        guard entries.count < FlatYAML.maximumItems else { throw tooMany(line) }
        place = .atValue(key: key, line: line)
    }

    private func tooMany(_ line: Int) -> FlatYAML.Fault {
        FlatYAML.Fault(line: line, reason: "more than \(FlatYAML.maximumItems) of them")
    }

    private mutating func add(_ key: String, _ values: [String], isList: Bool, _ line: Int) {
        entries.append(FlatYAML.Entry(key: key, values: values, isList: isList, line: line))
        place = .atKey
    }

    private func shown(_ key: String) -> String { SettingsFile.shown(key) }
}
