extension GivenSettings {
    /// What is understood and has another name here.
    static func hints(_ flags: [Setting: GivenValue]) -> [String] {
        Setting.all.compactMap { setting in
            guard case .flag(let used) = flags[setting]?.origin, setting.formerFlags.contains(where: { "--\($0)" == used }) else {
                return nil
            }
            return "\(used) is called \(setting.flag) here"
        }
    }

    /// Variables of the ancestor, and mistyped ones of ours.
    static func hints(_ environment: [String: String]) -> [String] {
        let inherited = Setting.all.compactMap { setting -> String? in
            guard let old = setting.inheritedVariable, environment[old] != nil else { return nil }
            return environment[setting.variable] == nil
                ? "\(old) is called \(setting.variable) here" : "\(setting.variable) goes before \(old)"
        }
        let known = Setting.all.map(\.variable)
        let mistyped = environment.keys.filter { $0.hasPrefix("WEFT_") && !known.contains($0) }.sorted().compactMap { variable in
            Spelling.nearest(to: variable, among: known.map { $0.lowercased() }).map {
                "\(variable): no such setting; did you mean \($0.uppercased())?"
            }
        }
        return inherited + mistyped
    }
}
