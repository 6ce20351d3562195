import ArgumentParser
import FoundationEssentials
import Glibc
import LocalAPI
import Logging
import WeftDaemon

/// Shows the running node and the members that it knows.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "status", abstract: "Show the mesh as the running node sees it.")

    @OptionGroup var node: NodeFlags

    @Flag(help: "Print JSON, as docs/STATUS.md describes it.")
    var json = false

    @Flag(help: "Show it again every second, until Ctrl-C; with --json a line each time.")
    var watch = false

    func run() throws {
        repeat {
            let report = try LocalClient.status(node)
            if json {
                print(String(decoding: try LocalJSON.encoder.encode(report), as: UTF8.self))
            } else {
                // Home, and clear to the end: without flicker. Elsewhere than on a terminal it would be rubbish.
                if watch, isatty(STDOUT_FILENO) == 1 { print("\u{1b}[H\u{1b}[J", terminator: "") }
                print(StatusTable(report).text, terminator: "")
            }
            fflush(nil)
            if watch { sleep(1) }
        } while watch
    }
}

/// Shows whom the node holds a peering connection with.
struct PeersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peers", abstract: "Show whom the running node is connected with.",
        discussion: """
            A node keeps a few connections to others, whatever the size of the mesh, and hears of the rest by them. WireGuard reaches every
            member directly all the same: `weft status` shows all.
            """)

    @OptionGroup var node: NodeFlags

    func run() throws {
        let peers = try LocalClient.status(node).members.filter { $0.state == .connected }
        let rows = peers.map { [$0.name, $0.peerID, $0.roundTripMillis.map(StatusTable.millis) ?? "-", $0.software] }
        for line in StatusTable.aligned([["NAME", "PEER", "ROUND TRIP", "SOFTWARE"]] + rows.map { $0.map(LineLogHandler.escaped) }) {
            print(line)
        }
    }
}

/// Prints a token that lets another machine join.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Print a token that lets another machine join.",
        discussion: "The token contains the mesh's secret: whoever has it can become a member.")

    @OptionGroup var node: NodeFlags

    @Flag(help: "Show it as a QR code, for a camera.")
    var qr = false

    func run() throws {
        guard let token = try LocalClient.request(.token, node).token else { throw Failure("the node gave no token") }
        guard qr else { return print(token) }
        guard let picture = QRPicture(token) else { throw Failure("the token is too long for a QR code: leave --qr away") }
        for line in picture.lines(hasColours: isatty(STDOUT_FILENO) == 1) { print(line) }
    }
}

/// Takes the running node out of its mesh.
struct LeaveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leave", abstract: "Leave the mesh for good, and stop the node.",
        discussion: "Members are told at once and forget this node. To stop a node for a while, end it with Ctrl-C or `systemctl stop`.")

    @OptionGroup var node: NodeFlags

    func run() throws {
        _ = try LocalClient.request(.leave, node)
        print("Left the mesh.")
    }
}

/// Takes another node, which cannot do so itself any more, out of the mesh.
struct ForgetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget", abstract: "Make all members forget a node that is gone for good.",
        discussion: """
            Only for a node that cannot be reached: one that can be leaves by itself (`weft leave`). Should it come back after all, it is a member
            again.
            """)

    @OptionGroup var node: NodeFlags

    @Argument(help: "The node's name, as `weft status` shows it, or its peer id.")
    var name: String

    func run() throws {
        _ = try LocalClient.request(LocalRequest(.forget, name: name), node)
        print("Forgotten: \(name).")
    }
}

/// Changes how much the running node logs.
struct LogLevelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log-level", abstract: "Change how much the running node logs, until it ends or reads its settings again.")

    @OptionGroup var node: NodeFlags

    @Argument(help: "trace, debug, info, notice, warning, error or critical.")
    var level: Logger.Level

    func run() throws {
        _ = try LocalClient.request(LocalRequest(.logLevel, level: level.rawValue), node)
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}

extension LocalClient {
    static func status(_ node: NodeFlags) throws -> StatusReport {
        guard let report = try request(.status, node).status else { throw Failure("the node gave no status") }
        return report
    }

    static func request(_ command: LocalRequest.Command, _ node: NodeFlags) throws -> LocalResponse {
        try request(LocalRequest(command), node)
    }

    /// Asks the node; its refusal is our failure.
    static func request(
        _ request: LocalRequest, _ node: NodeFlags, patienceSeconds: Int = LocalClient.patienceSeconds
    ) throws -> LocalResponse {
        let response: LocalResponse
        let socket = try node.address().socketPath
        do { response = try ask(request, at: socket, patienceSeconds: patienceSeconds) } catch { throw Failure("\(error)") }
        if let error = response.error { throw Failure(error) }
        return response
    }
}
