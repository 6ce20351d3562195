import IPAddresses
import Mesh
import Testing
import WeftDaemon

@testable import weft

@Suite struct SettingsTests {
    // MARK: What is said

    @Test func withoutAnythingSaidThereAreDefaults() throws {
        let settings = try settings([])
        #expect(settings.isStoredOrNew && settings.joinHosts.isEmpty && !settings.startsOver && !settings.isEphemeral)
        #expect(settings.interface == "weft0" && settings.clusterPort == 10042 && settings.wireguardPort == 10042)
        #expect(settings.stateDirectory == "/var/lib/weft/weft0" && settings.socketPath == "/run/weft/weft0.sock")
        #expect(settings.overlay == nil && settings.bindAddress == nil && settings.bindInterface == nil)
        #expect(settings.wireguard == .auto && settings.persistentKeepaliveSeconds == 0 && settings.logLevel == .info)
        #expect(!settings.name.text.isEmpty)
    }

    @Test func everyFlagIsHeard() throws {
        let settings = try settings([
            "--interface", "mesh7", "--name", "host-z", "--bind-addr", "192.0.2.1", "--advertise-addr", "198.51.100.1", "--advertise-addr",
            "2001:db8::1", "--cluster-port", "7", "--wireguard-port", "8", "--overlay-net", "10.5.0.0/16", "--overlay-net",
            "fd12:3456::/64",
            "--wireguard", "wireguard-go", "--persistent-keepalive", "25", "--ephemeral", "--log-level", "debug", "--init",
        ])
        #expect(settings.interface == "mesh7" && settings.name.text == "host-z" && settings.startsOver && settings.isEphemeral)
        #expect(settings.stateDirectory == "/var/lib/weft/mesh7" && settings.socketPath == "/run/weft/mesh7.sock")
        #expect(settings.bindAddress?.description == "192.0.2.1")
        #expect(settings.advertiseAddresses.map(\.description) == ["198.51.100.1", "2001:db8::1"])
        #expect(settings.clusterPort == 7 && settings.wireguardPort == 8 && settings.persistentKeepaliveSeconds == 25)
        #expect(settings.overlay?.description == "10.5.0.0/16, fd12:3456::/64")
        #expect(settings.wireguard == .wireguardGo && settings.logLevel == .debug)
    }

    @Test func forgettingNeedsAName() throws {
        let command = try #require(try WeftCommand.parseAsRoot(["forget", "host-b", "--interface", "mesh7"]) as? ForgetCommand)
        #expect(command.name == "host-b" && command.node.interface == "mesh7")
        #expect(throws: (any Error).self) { try WeftCommand.parseAsRoot(["forget"]) }
    }

    @Test func onlyYesIsYes() {
        for answer in ["y", "Y", "yes", " YES\t"] { #expect(StartingOver.isYes(answer), "\(answer)") }
        for answer in [nil, "", "n", "no", "yesterday", "y n"] { #expect(!StartingOver.isYes(answer), "\(answer ?? "nothing")") }
    }

    @Test func placesCanBeNamed() throws {
        let settings = try settings(["--state-dir", "/s", "--socket", "/r.sock", "--bind-iface", "eth1"])
        #expect(settings.stateDirectory == "/s" && settings.socketPath == "/r.sock" && settings.bindInterface == "eth1")
    }

    @Test(arguments: DaemonSettings.WireGuardChoice.allCases)
    func everyImplementationCanBeChosen(choice: DaemonSettings.WireGuardChoice) throws {
        #expect(try settings(["--wireguard", choice.rawValue]).wireguard == choice)
    }

    // MARK: Which mesh

    @Test func aTokenIsTaken() throws {
        let token = try token(someSecret)
        #expect(try settings(["--join", token.text]).token == token)
        #expect(try settings(["--join=\(token.text.uppercased())"]).token == token)
        #expect(try settings(["--join", " \(token.text)\n"]).token == token)
        #expect(try settings([], ["WEFT_JOIN": token.text]).token == token)
    }

    @Test func theFlagGoesBeforeTheEnvironment() throws {
        let (one, two) = (try token(someSecret), try token(otherSecret))
        #expect(try settings(["--join", one.text], ["WEFT_JOIN": two.text]).token == one)
        let (key, other) = (try #require(someSecret), try #require(otherSecret))
        #expect(try settings(["--cluster-key", key.clusterKey], ["WEFT_CLUSTER_KEY": other.clusterKey]).secret == key)
    }

    @Test func aKeyIsTaken() throws {
        let key = try #require(someSecret)
        for arguments in [["--cluster-key", key.clusterKey], ["--clusterkey", key.clusterKey], ["--cluster-key=\(key.clusterKey)\n"]] {
            #expect(try settings(arguments).secret == key)
        }
        #expect(try settings([], ["WEFT_CLUSTER_KEY": key.clusterKey]).secret == key)
    }

    @Test func hostsAreTaken() throws {
        let settings = try settings(["--cluster-port", "7", "--join", "a,b:1", "--join", " fd00::1 ,"])
        #expect(settings.joinHosts.map(\.description) == ["a:7", "b:1", "[fd00::1]:7"])
        #expect(try hostsOfEnvironment("a, b:1").map(\.description) == ["a:10042", "b:1"])
        #expect(try hostsOfEnvironment("").isEmpty)
    }

    private func hostsOfEnvironment(_ text: String) throws -> [JoinHost] {
        try settings([], ["WEFT_JOIN": text]).joinHosts
    }

    @Test(arguments: ["weft1", "weft12", "weft1-node", "weft1:10042", "weft1.example.com", "weft", "weftling:1"])
    func hostsMayBeNamedLikeATokenBegins(host: String) throws {
        #expect(try settings(["--join", host]).joinHosts.count == 1)
    }

    @Test func hostsAndATokenGoTogether() throws {
        let token = try token(someSecret)
        let settings = try settings(["--join", "a,\(token.text)"])
        #expect(settings.token == token && settings.joinHosts.map(\.host) == ["a"])
    }

    @Test func tokensOfOneMeshGoTogether() throws {
        let token = try token(someSecret)
        #expect(try settings(["--join", token.text, "--join", token.text]).token == token)
        #expect(try settings(["--join", token.text, "--cluster-key", token.secret.clusterKey]).token == token)
    }

    // MARK: What is refused

    static let refusals: [([String], String)] = [
        (["--cluster-port", "0"], "--cluster-port 0: a port from 1 to 65535, so that others can know it"),
        (["--wireguard-port", "0"], "--wireguard-port 0: a port from 1 to 65535, so that others can know it"),
        (["--bind-addr", "eth0"], "--bind-addr eth0: not an IP address"),
        (["--advertise-addr", "1.2.3"], "--advertise-addr 1.2.3: not an IP address"),
        (["--bind-addr", "192.0.2.1", "--bind-iface", "eth0"], "--bind-addr and --bind-iface exclude each other"),
        (["--overlay-net", "10.5.0.0"], "--overlay-net 10.5.0.0: a range looks like 10.5.0.0/16 or fd12:3456::/64"),
        (["--overlay-net", "10.5.0.0/33"], "--overlay-net 10.5.0.0/33: a range looks like 10.5.0.0/16 or fd12:3456::/64"),
        (
            ["--overlay-net", "10.5.0.0/16", "--overlay-net", "10.6.0.0/16"],
            "--overlay-net: an overlay has at most one IPv4 range"
        ),
        (["--name", "Host A"], "--name Host A: 1 to 63 of a-z, 0-9 and hyphens, as in a host name"),
        (["--name", ""], "--name : 1 to 63 of a-z, 0-9 and hyphens, as in a host name"),
        (["--join", "ho st"], "--join ho st: neither a join token (weft1…) nor a host[:port]"),
        (["--join", "host:0"], "--join host:0: neither a join token (weft1…) nor a host[:port]"),
        (["--interface", "sixteen-letters-"], "--interface sixteen-letters-: a name of 1 to 15 characters, without spaces or slashes"),
        (["--interface", "a/b"], "--interface a/b: a name of 1 to 15 characters, without spaces or slashes"),
        (["--interface", ".."], "--interface ..: a name of 1 to 15 characters, without spaces or slashes"),
    ]

    @Test(arguments: refusals)
    func whatCannotBeIsSaid(arguments: [String], text: String) {
        #expect(refusal(arguments) == text)
    }

    @Test(arguments: [
        "--cluster-port=65536", "--cluster-port=-1", "--wireguard=openvpn", "--log-level=loud", "--persistent-keepalive=x", "--nonsense",
    ])
    func whatIsNoValueIsSaidByItsFlag(argument: String) throws {
        let flag = try #require(argument.split(separator: "=").first)
        #expect(refusal([argument])?.contains(flag) == true)
    }

    @Test func meshesThatDifferAreRefused() throws {
        let (one, two) = (try token(someSecret), try token(otherSecret))
        #expect(refusal(["--join", one.text, "--join", two.text]) == "--join: the tokens are of different meshes")
        #expect(refusal(["--join", one.text, "--cluster-key", two.secret.clusterKey])?.contains("one of the two is enough") == true)
    }

    @Test func anEmptyKeyIsNoKey() {
        #expect(refusal([], ["WEFT_CLUSTER_KEY": ""])?.hasPrefix("WEFT_CLUSTER_KEY: a key is 32 bytes in base64") == true)
    }
}
