import ArgumentParser
import FoundationEssentials
import LocalAPI

/// Shows the running node and the members that it knows.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "status", abstract: "Show the mesh as the running node sees it.")

    @OptionGroup var node: NodeAddressOptions

    @Flag(help: "Print JSON, as docs/STATUS.md describes it.")
    var json = false

    func run() throws {
        guard let report = try LocalClient.request(.status, node).status else { throw Failure("the node gave no status") }
        if json {
            print(String(decoding: try LocalJSON.encoder.encode(report), as: UTF8.self))
        } else {
            print(StatusTable(report).text, terminator: "")
        }
    }
}

/// Prints a token that lets another machine join.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Print a token that lets another machine join.",
        discussion: "The token contains the mesh's secret: whoever has it can become a member.")

    @OptionGroup var node: NodeAddressOptions

    func run() throws {
        guard let token = try LocalClient.request(.token, node).token else { throw Failure("the node gave no token") }
        print(token)
    }
}

/// Takes the running node out of its mesh.
struct LeaveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leave", abstract: "Leave the mesh for good, and stop the node.",
        discussion: "Members are told at once and forget this node. To stop a node for a while, end it with Ctrl-C or `systemctl stop`.")

    @OptionGroup var node: NodeAddressOptions

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

    @OptionGroup var node: NodeAddressOptions

    @Argument(help: "The node's name, as `weft status` shows it, or its peer id.")
    var name: String

    func run() throws {
        _ = try LocalClient.request(.forget, name: name, node)
        print("Forgotten: \(name).")
    }
}

extension LocalClient {
    /// Asks the node; its refusal is our failure.
    static func request(_ command: LocalRequest.Command, name: String? = nil, _ node: NodeAddressOptions) throws -> LocalResponse {
        let response: LocalResponse
        do { response = try ask(LocalRequest(command, name: name), at: node.socketPath) } catch { throw Failure("\(error)") }
        if let error = response.error { throw Failure(error) }
        return response
    }
}
