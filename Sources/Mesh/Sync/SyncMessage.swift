import Multiformats
import SwiftProtobuf

/// Cuts what two nodes tell each other into messages of bounded length.
enum SyncMessage {
    /// More than tags and lengths of one entry take.
    private static let entryOverhead = 16

    /// Messages that list what a node holds, the last of them marked as such. At least one.
    static func list(_ held: [(peer: PeerID, sequence: UInt64)], maximumLength: Int) -> [[UInt8]] {
        let entries = held.map { peer, sequence in
            var entry = WireSyncMessage.Held()
            entry.peerID = .init(peer.bytes)
            entry.sequence = sequence
            return entry
        }
        var messages = chunks(of: entries, maximumLength: maximumLength) { $0.peerID.count + 10 }.map { chunk in
            var message = WireSyncMessage()
            message.held = chunk
            return message
        }
        if messages.isEmpty { messages.append(WireSyncMessage()) }
        messages[messages.count - 1].heldComplete = true
        return messages.map(encoded)
    }

    static func records(_ records: [AgedRecord], maximumLength: Int) -> [[UInt8]] {
        chunks(of: records.map(\.message), maximumLength: maximumLength) { $0.envelope.count + 10 }.map { chunk in
            var message = WireSyncMessage()
            message.records = chunk
            return encoded(message)
        }
    }

    private static func encoded(_ message: WireSyncMessage) -> [UInt8] {
        (try? message.serializedBytes()) ?? []  // a message without required fields always encodes
    }

    private static func chunks<Entry>(of entries: [Entry], maximumLength: Int, length: (Entry) -> Int) -> [[Entry]] {
        var chunks: [[Entry]] = []
        var room = 0
        for entry in entries {
            let needed = length(entry) + entryOverhead
            if needed > room {
                chunks.append([])
                room = maximumLength - entryOverhead
            }
            chunks[chunks.count - 1].append(entry)
            room -= needed
        }
        return chunks
    }
}
