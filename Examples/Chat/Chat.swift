import Foundation
import GossipSub
import IPAddresses
import LoopRuntime
import Multiformats
import PeerHost

/// A chat: `chat` waits for others, `chat ADDRESS` goes to one.
@main enum Chat {
    static let room = Topic("example/chat")
    static func main() { exit(LoopRuntime.run(talk)) }
    static func talk(_ executor: LoopExecutor) async -> Int32 {
        do {
            let identity = try Identity(seed: (0..<Identity.seedLength).map { _ in UInt8.random(in: 0...255) })
            let configuration = PeerHostConfiguration(identity: identity, networkKey: nil, agentVersion: "chat/1")
            let host = PeerHost(configuration: configuration, executor: executor) { event in
                switch event {
                case .connected(let peer, _): print("\(peer) is here")
                case .disconnected(let peer, let reason): print("\(peer) is gone: \(reason)")
                case .gossip(let said): print(said.author ?? said.receivedFrom, String(decoding: said.data, as: UTF8.self).debugDescription)
                default: break
                }
            }
            await host.subscribe(room, TopicPolicy(signing: .strictSign, validation: .acceptAll))
            let loopback = IPAddress(family: .ipv4, value: 0x7f00_0001)
            print("chat", Multiaddr(tcp: try await host.listen(on: SocketAddress(loopback, port: 0)), peer: host.peerID))
            for argument in CommandLine.arguments.dropFirst() { _ = try await host.dial(Multiaddr(argument)) }
            let lines = AsyncStream<String> { lines in
                Thread.detachNewThread {
                    while let line = readLine() { lines.yield(line) }
                    lines.finish()
                }
            }
            for await line in lines { await host.publish(Array(line.utf8), on: room) }
            await host.shutDown()
            return 0
        } catch { print("chat: \(error)") }
        return 1
    }
}
