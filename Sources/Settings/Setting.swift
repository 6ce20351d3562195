/// One thing that the user decides: declared once, for flag, environment, file, help and reference.
///
/// `cluster-port` is the flag `--cluster-port`, the variable `WEFT_CLUSTER_PORT` and the key `cluster-port` of the file.
package struct Setting: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// One value, called `value` in the help.
        case text(value: String)
        /// Any number of values: a flag may be repeated, a variable has commas in it, the file a list.
        case list(value: String)
        /// Yes or no.
        case toggle
    }

    /// When a changed value of the file takes effect.
    package enum Moment: Hashable, Sendable {
        case restart
        /// SIGHUP is enough.
        case reload
    }

    package let key: String
    package let kind: Kind
    /// One sentence, or a few.
    package let help: String
    /// What holds if nothing is said, in words.
    package let standard: String
    /// A value for the commented example file.
    package let example: String
    package let moment: Moment
    /// Never shown, and not repeated in errors.
    package let isSecret: Bool
    /// `wesher` has it too: its variable `WESHER_…` is read as well.
    package let isInherited: Bool
    /// What one wants once and not at each start: no file may say it.
    package let isForTheMoment: Bool
    /// The ancestors' other names for its flag.
    package let formerFlags: [String]

    init(
        _ key: String, _ kind: Kind, _ help: String, standard: String, example: String, moment: Moment = .restart, isSecret: Bool = false,
        isInherited: Bool = false, isForTheMoment: Bool = false, formerFlags: [String] = []
    ) {
        self.key = key
        self.kind = kind
        self.help = help
        self.standard = standard
        self.example = example
        self.moment = moment
        self.isSecret = isSecret
        self.isInherited = isInherited
        self.isForTheMoment = isForTheMoment
        self.formerFlags = formerFlags
    }

    package static func == (left: Setting, right: Setting) -> Bool { left.key == right.key }

    package func hash(into hasher: inout Hasher) { hasher.combine(key) }

    package var flag: String { "--\(key)" }
    /// Its environment variable.
    package var variable: String { Self.variable(of: key, prefix: "WEFT_") }
    /// `wesher`'s environment variable.
    package var inheritedVariable: String? { isInherited ? Self.variable(of: key, prefix: "WESHER_") : nil }

    private static func variable(of key: String, prefix: String) -> String {
        prefix + key.uppercased().replacing("-", with: "_")
    }
}
