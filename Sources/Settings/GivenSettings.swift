import Configuration
import Synchronization

/// Where a value comes from.
package enum Origin: Hashable, Sendable {
    /// As it was written, `--joinaddrs`.
    case flag(String)
    case environment(String)
    case file(path: String, line: Int)

    /// What an error begins with.
    package func label(_ setting: Setting) -> String {
        switch self {
        case .flag(let flag): flag
        case .environment(let variable): variable
        case .file(let path, let line): "\(path):\(line): \(setting.key)"
        }
    }
}

/// What was said about a setting, as text. One value, unless it is a list.
package struct GivenValue: Hashable, Sendable {
    package var values: [String]
    package var origin: Origin

    package init(values: [String], origin: Origin) {
        self.values = values
        self.origin = origin
    }
}

/// What was said about all settings: flags go before the environment, that goes before the file.
package struct GivenSettings: Sendable {
    private var given: [Setting: GivenValue] = [:]
    /// What is allowed and better said otherwise; a sentence each.
    package private(set) var hints: [String] = []

    /// - Parameters:
    ///   - flags: of the command line.
    ///   - environment: all of it; what is not ours is left alone.
    package init(flags: [Setting: GivenValue], environment: [String: String], file: SettingsFile) {
        let recorder = LayerRecorder()
        let reader = ConfigReader(
            providers: [
                Self.provider(.flags, flags), Self.provider(environment, prefix: "weft"), Self.provider(environment, prefix: "wesher"),
                Self.provider(.file, file.values),
            ], accessReporter: recorder)
        for setting in Setting.all {
            guard let values = Self.read(setting, reader), let layer = recorder.layer else { continue }
            let origin: Origin? =
                switch layer {
                case .flags: flags[setting]?.origin
                case .environment: .environment(setting.variable)
                case .inherited: setting.inheritedVariable.map { .environment($0) }
                case .file: file.values[setting]?.origin
                }
            given[setting] = origin.map { GivenValue(values: values, origin: $0) }
        }
        hints = Self.hints(flags) + Self.hints(environment) + file.hints
    }

    /// Settings of which something else is said than before.
    package func changes(since before: GivenSettings) -> [Setting] {
        Setting.all.filter { given[$0]?.values != before.given[$0]?.values }
    }

    package subscript(setting: Setting) -> GivenValue? { given[setting] }

    private static func read(_ setting: Setting, _ reader: ConfigReader) -> [String]? {
        let key = ConfigKey([setting.key])
        return switch setting.kind {
        case .list: reader.stringArray(forKey: key, isSecret: true)
        case .text, .toggle: reader.string(forKey: key, isSecret: true).map { [$0] }
        }
    }

    private static func provider(_ layer: Layer, _ values: [Setting: GivenValue]) -> any ConfigProvider {
        var texts: [AbsoluteConfigKey: ConfigValue] = [:]
        for (setting, value) in values {
            let content: ConfigContent =
                if case .list = setting.kind { .stringArray(value.values) } else { .string(value.values.first ?? "") }
            texts[AbsoluteConfigKey([setting.key])] = ConfigValue(content, isSecret: true)
        }
        return InMemoryProvider(name: layer.rawValue, values: texts)
    }

    /// Of the variables those that say something: an empty one is how a service's environment file says nothing. But a key that was lost
    /// on the way must not make a new mesh.
    private static func provider(_ environment: [String: String], prefix: ConfigKey) -> any ConfigProvider {
        let isOurs = prefix.components == ["weft"]
        var variables: [String: String] = [:]
        for setting in Setting.all {
            guard let variable = isOurs ? setting.variable : setting.inheritedVariable, let text = environment[variable] else { continue }
            if !text.isEmpty || setting == .clusterKey { variables[variable] = text }
        }
        return EnvironmentVariablesProvider(environmentVariables: variables, secretsSpecifier: .all).prefixKeys(with: prefix)
    }
}

/// Where settings are looked for, in this order.
private enum Layer: String {
    case flags
    case environment
    case inherited
    case file

    static let order = [flags, environment, inherited, file]
}

/// Remembers in which layer the last value was found.
private final class LayerRecorder: AccessReporter {
    private let last = Mutex<Layer?>(nil)

    var layer: Layer? { last.withLock { $0 } }

    func report(_ event: AccessEvent) {
        let index = event.providerResults.firstIndex { (try? $0.result.get())?.value != nil }
        last.withLock { $0 = index.flatMap { Layer.order.indices.contains($0) ? Layer.order[$0] : nil } }
    }
}
