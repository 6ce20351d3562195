import Glibc
import Settings

/// Reads what was said: flags, environment, file. The one place that touches them.
struct SettingsLoader: Sendable {
    var environment: [String: String]
    /// The command line, for the names by which flags were called.
    var arguments: [String] = []
    /// Reads a settings file; `nil` if there is none.
    var read: @Sendable (String) throws -> SettingsFile? = { try Self.read($0) }

    static var ofThisProcess: SettingsLoader {
        SettingsLoader(environment: processEnvironment(), arguments: CommandLine.arguments)
    }

    /// What was said to run a node: a file that is there must be readable and right.
    ///
    /// - Parameters:
    ///   - texts: of the flags.
    ///   - config: the file that a flag names.
    func load(_ texts: [Setting: [String]], config: String?) throws -> GivenSettings {
        let file = try file(config)
        guard file.problems.isEmpty else { throw Failure(file.problems.joined(separator: "\n")) }
        return given(texts, file)
    }

    func load(_ node: NodeFlags, _ flags: SettingFlags) throws -> GivenSettings {
        try load(node, flags.texts)
    }

    /// - Parameter texts: of further flags.
    func load(_ node: NodeFlags, _ texts: [Setting: [String]]) throws -> GivenSettings {
        try load(node.texts.merging(texts) { $1 }, config: node.config)
    }

    /// What was said about which node a command is for: a file that this user may not read, or that is wrong, is not this command's concern.
    func load(_ node: NodeFlags) throws -> GivenSettings {
        let isChosen = node.config != nil || environment[Self.variable] != nil
        let file = isChosen ? try file(node.config) : (try? file(node.config)) ?? SettingsFile(path: Setting.standardFile)
        return given(node.texts, file)
    }

    private func given(_ texts: [Setting: [String]], _ file: SettingsFile) -> GivenSettings {
        var flags: [Setting: GivenValue] = [:]
        for (setting, values) in texts where !values.isEmpty {
            flags[setting] = GivenValue(values: values, origin: .flag(usedFlag(setting)))
        }
        return GivenSettings(flags: flags, environment: environment, file: file)
    }

    private func usedFlag(_ setting: Setting) -> String {
        let former = setting.formerFlags.map { "--\($0)" }
        return former.first { flag in arguments.contains { $0 == flag || $0.hasPrefix("\(flag)=") } } ?? setting.flag
    }

    // MARK: File

    static let variable = "WEFT_CONFIG"

    private func file(_ config: String?) throws -> SettingsFile {
        guard let path = config ?? environment[Self.variable] else {
            return try read(Setting.standardFile) ?? SettingsFile(path: Setting.standardFile)
        }
        return try Self.existing(read(path), path)
    }

    /// A file that somebody named has to be there.
    static func existing(_ file: SettingsFile?, _ path: String) throws -> SettingsFile {
        guard let file else { throw Failure("cannot read \(path): there is no such file") }
        return file
    }

    /// No more of it than such a file may have.
    static func read(_ path: String) throws -> SettingsFile? {
        var isOpenToAll = false
        let bytes = try bytes(path, maximum: SettingsFile.maximumBytes) { isOpenToAll = $0.st_mode & S_IROTH != 0 }
        return bytes.map { SettingsFile(path: path, bytes: $0, isOpenToAll: isOpenToAll) }
    }

    /// What is in a file, up to one byte more than `maximum`; `nil` if there is none.
    static func bytes(_ path: String, maximum: Int, look: (stat) -> Void = { _ in }) throws -> [UInt8]? {
        // A pipe without a writer must not make it wait.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        if descriptor < 0, errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw Failure("cannot read \(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { throw Failure("\(path) is no file") }
        look(information)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count <= maximum {
            let count = Glibc.read(descriptor, &buffer, min(buffer.count, maximum + 1 - bytes.count))
            guard count >= 0 else { throw Failure("cannot read \(path): \(String(cString: strerror(errno)))") }
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    private static func processEnvironment() -> [String: String] {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let equals = text.firstIndex(of: "=") { variables[String(text[..<equals])] = String(text[text.index(after: equals)...]) }
            next += 1
        }
        return variables
    }
}
