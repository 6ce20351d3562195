import Logging
import LoopRuntime
import NIOCore
import NIOPosix
import Naming

/// Sends states to those who tell them on: the newest, as fast as each of them reads. To be used on the event loop.
final class NamesFeed {
    /// Who listens at once: our own keeper, and services that ask for it.
    static let maximumListeners = 8

    private final class Listener {
        let channel: any Channel
        var isWriting = false
        var isBehind = false

        init(_ channel: any Channel) { self.channel = channel }
    }

    private var listeners: [ObjectIdentifier: Listener] = [:]
    private var newest: [UInt8]?

    /// False if there are too many.
    func add(_ channel: any Channel) -> Bool {
        guard listeners.count < Self.maximumListeners else { return false }
        let id = ObjectIdentifier(channel)
        let listener = Listener(channel)
        listeners[id] = listener
        channel.closeFuture.assumeIsolated().whenComplete { _ in self.listeners[id] = nil }
        if newest != nil { write(to: listener) }
        return true
    }

    func publish(_ state: NamesState) {
        let bytes = state.encoded
        guard bytes != newest else { return }
        newest = bytes
        for listener in listeners.values { write(to: listener) }
    }

    func stop() {
        for listener in listeners.values { listener.channel.close(promise: nil) }
        listeners = [:]
    }

    private func write(to listener: Listener) {
        guard let newest, !listener.isWriting else { return listener.isBehind = true }
        listener.isWriting = true
        listener.isBehind = false
        listener.channel.writeAndFlush(ByteBuffer(bytes: newest)).assumeIsolated().whenComplete { _ in
            listener.isWriting = false
            if listener.isBehind { self.write(to: listener) }
        }
    }
}
