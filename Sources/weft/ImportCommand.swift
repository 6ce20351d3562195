import Ancestors
import ArgumentParser
import Settings

/// Takes over what `wesher` or `w2wesher` knew.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Make settings of a wesher state file or a w2wesher INI file.",
        discussion: """
            Prints a settings file, and on standard error what it could not take over. It holds the mesh's secret, so only root should be able to
            read where it goes:
              weft import /var/lib/wesher/wgoverlay.json | install -D -m 600 /dev/stdin /etc/weft/weft.yaml
            The service reads secrets as variables:
              weft import --variables /etc/w2wesher.ini | install -m 600 /dev/stdin /etc/default/weft
            """)

    @Flag(help: "Print variables, for /etc/default/weft, instead of a settings file.")
    var variables = false

    @Argument(help: "The file: JSON of wesher's, or INI of w2wesher's.")
    var file: String

    func run() throws {
        let bytes = try SettingsLoader.bytes(file, maximum: AncestorFile.maximumBytes)
        guard let bytes else { throw Failure("cannot read \(file): there is no such file") }
        let inherited = try Self.read(bytes, file)
        print(Self.text(inherited, asVariables: variables), terminator: "")
        for remark in inherited.remarks { Failure.write("weft import: \(remark)\n") }
    }

    static func text(_ inherited: InheritedSettings, asVariables: Bool) -> String {
        asVariables ? Listing.variables(inherited.settings) : Listing.file(inherited.settings)
    }

    /// Settings that a node can be started with, or what is wrong, in words.
    static func read(_ bytes: [UInt8], _ path: String) throws -> InheritedSettings {
        let inherited: InheritedSettings
        do { inherited = try AncestorFile.read(bytes) } catch { throw Failure("\(path): \(error)") }
        let text = text(inherited, asVariables: false)
        do {
            try CheckConfigCommand.check(SettingsFile(path: "the new settings", bytes: Array(text.utf8)))
        } catch let failure as Failure {
            throw Failure("\(path): \(inherited.program) may have accepted this, weft does not:\n\(failure.description)")
        }
        return inherited
    }
}

extension InheritedSettings {
    fileprivate var settings: [(Setting, [String])] { entries.map { ($0.setting, $0.values) } }
}
