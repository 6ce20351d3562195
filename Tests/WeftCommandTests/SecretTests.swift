import ArgumentParser
import Mesh
import Settings
import Testing
import WeftDaemon

@testable import weft

/// Secrets stay where they are: in no error, no description, no dump, no process list.
@Suite struct SecretTests {
    /// Whether a text holds a piece of a secret that is long enough to be one.
    private func leaks(_ text: String, _ secret: String, piece: Int = 10) -> Bool {
        let characters = Array(secret.lowercased())
        guard characters.count >= piece else { return false }
        let text = text.lowercased()
        return (0...characters.count - piece).contains { text.contains(String(characters[$0..<$0 + piece])) }
    }

    // MARK: Descriptions

    @Test func settingsDoNotTellTheirSecret() throws {
        let token = try token(someSecret)
        for mesh in [DaemonSettings.MeshChoice.token(token), .secret(token.secret)] {
            var settings = try settings([])
            settings.mesh = mesh
            var dumped = ""
            dump(settings, to: &dumped)
            for text in [dumped, "\(settings)", String(reflecting: settings), String(describing: mesh)] {
                #expect(!leaks(text, token.text) && !leaks(text, token.secret.clusterKey))
                #expect(!text.contains("\(token.secret.bytes)") && !text.contains("10, 11, 12"))
            }
        }
    }

    @Test func aTokenDoesNotTellItself() throws {
        let token = try token(someSecret)
        var dumped = ""
        dump(token, to: &dumped)
        for text in [dumped, "\(token)", token.debugDescription, "\([token])", "\(Optional(token) as Any)"] {
            #expect(!leaks(text, token.text) && !text.contains("10, 11, 12"))
        }
    }

    // MARK: Errors

    /// Ways to spoil a token or key between one terminal and another.
    private static func spoilt(_ text: String) -> [String] {
        let half = text.count / 2
        return [
            String(text.dropLast()), String(text.dropFirst()), String(text.dropLast(half)), String(text.dropFirst(half)), text + "a",
            text + ".",
            text + "…", text + "!", text + "\"", "\"" + text, "'\(text)'", "<\(text)>", "token=" + text, text.replacing("1", with: "l"),
            "join:" + text, text + ":10042", String(text.prefix(half)) + " " + String(text.suffix(half)), String(text.prefix(half)) + "\n.",
            text.uppercased() + ".", String(text.reversed()), text + "," + String(text.dropFirst()), "weft2" + text.dropFirst(5),
        ]
    }

    @Test func aSpoiltTokenIsNotRepeated() throws {
        let text = try token(someSecret).text
        for spoilt in Self.spoilt(text) {
            for said in [refusal(["--join", spoilt]), refusal([], ["WEFT_JOIN": spoilt])] {
                guard let said else { continue }
                #expect(!leaks(said, text), "\(spoilt) -> \(said)")
                #expect(!leaks(said, String(text.reversed())), "\(spoilt) -> \(said)")
            }
        }
        #expect(refusal(["--join", String(text.dropLast(4))])?.contains("the token is damaged") == true)
    }

    @Test func aSpoiltKeyIsNotRepeated() throws {
        let key = try #require(someSecret).clusterKey
        for spoilt in Self.spoilt(key) {
            for said in [refusal(["--cluster-key", spoilt]), refusal([], ["WEFT_CLUSTER_KEY": spoilt]), refusal(["--join", spoilt])] {
                guard let said else { continue }
                #expect(!leaks(said, key), "\(spoilt) -> \(said)")
                #expect(!leaks(said, String(key.reversed())), "\(spoilt) -> \(said)")
            }
        }
    }

    /// Without `--join`, or behind an option that is none.
    @Test func whatTheParserRepeatsIsRedacted() throws {
        let (token, key) = (try token(someSecret).text, try #require(someSecret).clusterKey)
        for arguments in [
            [token], ["run", token], ["status", token], ["--jion", token], ["--jion=\(token)"], [key], ["--cluster-keys", key],
            ["--cluster-keys=\(key)"],
            ["--cluster-key", key, key],
        ] {
            do {
                let command = try WeftCommand.parseAsRoot(arguments)
                Issue.record("\(command) was taken")
            } catch {
                let said = WeftCommand.redacted(WeftCommand.fullMessage(for: error), arguments)
                #expect(!leaks(said, token) && !leaks(said, key), "\(said)")
            }
        }
    }

    /// A secret as the value of another setting.
    @Test func whatIsInTheWrongPlaceIsNotRepeated() throws {
        let (token, key) = (try token(someSecret).text, try #require(someSecret).clusterKey)
        for setting in Setting.all {
            for secret in [token, key] {
                if case .toggle = setting.kind { continue }
                for said in [
                    refusal([setting.flag, secret]), refusal([], [setting.variable: secret]),
                    refusal([], file: "\(setting.key): \(secret)\n"),
                ] {
                    #expect(said.map { leaks($0, token) || leaks($0, key) } != true, "\(said ?? "")")
                }
            }
        }
    }

    // MARK: The process list

    static let secretStarts: [(String, String, Int?)] = [
        ("abc", "--cluster-key", 0), ("abc", "--clusterkey", 0), ("--cluster-key=abc", "", 14), ("--clusterkey=abc", "", 13),
        ("--cluster-key=a=b", "", 14), ("--cluster-key", "", nil), ("--cluster-port=7", "", nil), ("status", "", nil), ("", "", nil),
        ("host-a", "--join", nil), ("weft1.example.com", "--join", nil), ("weft1", "--join", nil), ("weft1-short:10042", "--join", nil),
    ]

    @Test(arguments: secretStarts)
    func theSecretPartOfAnArgumentIsFound(text: String, previous: String, expected: Int?) {
        #expect(ProcessArguments.secretStart(in: text, after: previous) == expected)
    }

    @Test func tokensAreFoundWhereverTheyAre() throws {
        let text = try token(someSecret).text
        for before in ["", "--join=", "a,", "--join=host:10042,", "ö,"] {
            for text in [text, text.uppercased(), text + ",b"] {
                #expect(ProcessArguments.secretStart(in: before + text, after: "--join") == before.utf8.count)
            }
        }
        let key = try #require(someSecret).clusterKey
        #expect(ProcessArguments.secretStart(in: key, after: "--join") == 0)
        #expect(ProcessArguments.secretStart(in: "--keys=\(key)", after: "") == 7)
    }

    @Test func allSecretsOfALineAreFound() throws {
        let (token, key) = (try token(someSecret).text, try #require(someSecret).clusterKey)
        let line = ["--join", token, "--interface", "weft0", "--cluster-key", "x", "--clusterkey=\(key)"]
        #expect(ProcessArguments.secrets(in: line) == [token, "x", key])
    }
}
