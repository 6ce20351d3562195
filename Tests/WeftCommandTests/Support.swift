import ArgumentParser
import IPAddresses
import Mesh
import Settings
import Testing
import WeftDaemon

@testable import weft

let someSecret = MeshSecret(bytes: [UInt8](0..<32))
let otherSecret = MeshSecret(bytes: [UInt8](1..<33))

func token(_ secret: MeshSecret?, _ range: String = "10.7.0.0/16") throws -> JoinToken {
    JoinToken(secret: try #require(secret), overlay: try OverlayRanges([try #require(IPPrefix(range))]), bootstrap: [])
}

/// Settings from arguments, environment and the text of a settings file, as the program makes them.
func settings(_ arguments: [String], _ environment: [String: String] = [:], file: String = "") throws -> DaemonSettings {
    let command = try RunCommand.parse(arguments)
    let loader = SettingsLoader(environment: environment, arguments: arguments) { _ in
        SettingsFile(path: "/f", bytes: Array(file.utf8))
    }
    let given = try loader.load(command.node, command.flags)
    return try SettingsBuilder(given: given).settings()
}

/// What the user reads when the settings are refused; `nil` if they are not.
func refusal(_ arguments: [String], _ environment: [String: String] = [:], file: String = "") -> String? {
    do {
        _ = try settings(arguments, environment, file: file)
        return nil
    } catch {
        return RunCommand.message(for: error)
    }
}

extension DaemonSettings {
    var token: JoinToken? { if case .token(let token) = mesh { token } else { nil } }
    var secret: MeshSecret? { if case .secret(let secret) = mesh { secret } else { nil } }
    var isStoredOrNew: Bool { if case .storedOrNew = mesh { true } else { false } }
}
