import Multiformats
import SwiftProtobuf

/// What one node tells another over `ControlPlane.syncProtocol`, in the words of the control plane.
struct SyncMessage {
    /// What the sender holds in a range of keys.
    enum Summary: Hashable {
        case held([HeldVersion])
        /// Of each part of the range.
        case digests([UInt128])
    }

    /// Of everything; opens a comparison.
    var digest: UInt128?
    var ranges: [(range: SyncRange, summary: Summary)] = []
    /// Whether what the sender lacks of `ranges` is to be sent at once, or only offered.
    var sendsMissing = false
    var offered: [HeldVersion] = []
    var wanted: [SyncKey] = []
    /// Not looked into yet: each can be at fault by itself.
    var records: [WireAgedRecordMessage] = []

    /// Sends or asks for single records: the sender has looked at what was listed to it.
    var isAnswerToList: Bool { !records.isEmpty || !wanted.isEmpty }
}

// MARK: - Decoding

extension SyncMessage {
    /// `nil` if anything but a record is malformed.
    init?(decoding bytes: [UInt8]) {
        self.init()
        guard let message = try? WireSyncMessage(serializedBytes: bytes) else { return nil }
        if !message.digest.isEmpty {
            guard let digest = UInt128(digest: message.digest) else { return nil }
            self.digest = digest
        }
        for wire in message.ranges {
            guard let range = SyncRange(prefix: wire.prefix, depth: wire.depth), let summary = Summary(wire, of: range) else { return nil }
            ranges.append((range, summary))
        }
        guard let offered = [HeldVersion](message.offered) else { return nil }
        self.offered = offered
        sendsMissing = message.sendMissing
        wanted = message.wanted.map(SyncKey.init(bits:))
        records = message.records
    }
}

extension SyncMessage.Summary {
    fileprivate init?(_ wire: WireRangeMessage, of range: SyncRange) {
        if wire.hasHeld {
            guard let versions = [HeldVersion](wire.held), versions.allSatisfy({ range.contains($0.key) }) else { return nil }
            self = .held(versions)
        } else {
            guard !range.isSingle, wire.digests.count == SyncRange.fanOut * UInt128.digestLength else { return nil }
            let starts = stride(from: 0, to: wire.digests.count, by: UInt128.digestLength)
            self = .digests(starts.compactMap { UInt128(digest: wire.digests.dropFirst($0).prefix(UInt128.digestLength)) })
        }
    }
}

extension [HeldVersion] {
    fileprivate init?(_ wire: WireHeldMessage) {
        guard wire.sequences.count == wire.keys.count, wire.checks.count == wire.keys.count else { return nil }
        let (unreachable, forgotten) = (Set(wire.unreachable), Set(wire.forgotten))
        self = wire.keys.indices.map {
            HeldVersion(
                key: SyncKey(bits: wire.keys[$0]), sequence: wire.sequences[$0], check: wire.checks[$0],
                isReportedUnreachable: unreachable.contains(wire.keys[$0]), isForgotten: forgotten.contains(wire.keys[$0]))
        }
    }
}

extension UInt128 {
    fileprivate static let digestLength = 16

    fileprivate init?(digest bytes: some Collection<UInt8>) {
        guard bytes.count == Self.digestLength else { return nil }
        self = bytes.reduce(0) { $0 << 8 | UInt128($1) }
    }

    fileprivate var digestBytes: [UInt8] {
        (0..<Self.digestLength).map { UInt8(truncatingIfNeeded: self >> (8 * (Self.digestLength - 1 - $0))) }
    }
}

// MARK: - Encoding

extension SyncMessage {
    /// The message in as many as are needed so that none is too long; none if there is nothing to say.
    func encoded(maximumLength: Int) -> [[UInt8]] {
        var messages: [WireSyncMessage] = []
        var room = 0
        for part in parts {
            if part.length > room {
                var message = WireSyncMessage()
                message.sendMissing = sendsMissing
                messages.append(message)
                room = maximumLength - Self.overhead
            }
            part.add(to: &messages[messages.count - 1])
            room -= part.length
        }
        return messages.map { (try? $0.serializedBytes()) ?? [] }  // a message without required fields always encodes
    }

    /// More bytes than tags and lengths around the parts take.
    private static let overhead = 32

    private var parts: [Part] {
        [digest.map(Part.digest)].compactMap(\.self) + wanted.map(Part.wanted) + ranges.map(Part.range) + offered.map(Part.offered)
            + records.map(Part.record)
    }

    /// What cannot be cut.
    private enum Part {
        case digest(UInt128)
        case wanted(SyncKey)
        case range(SyncRange, Summary)
        case offered(HeldVersion)
        case record(WireAgedRecordMessage)

        /// At most so many bytes.
        var length: Int {
            switch self {
            case .digest: UInt128.digestLength + 2
            case .wanted: 8
            case .range(_, .held(let versions)): versions.count * HeldVersion.maximumLength + 32
            case .range(_, .digests(let digests)): digests.count * UInt128.digestLength + 32
            case .offered: HeldVersion.maximumLength
            case .record(let record): record.envelope.count + 32
            }
        }

        func add(to message: inout WireSyncMessage) {
            switch self {
            case .digest(let digest): message.digest = .init(digest.digestBytes)
            case .wanted(let key): message.wanted.append(key.bits)
            case .range(let range, let summary): message.ranges.append(WireRangeMessage(range, summary))
            case .offered(let version): message.offered.append(version)
            case .record(let record): message.records.append(record)
            }
        }
    }
}

extension HeldVersion {
    /// Of one version in a message, in bytes.
    fileprivate static let maximumLength = 8 + 10 + 4 + 8
}

extension WireRangeMessage {
    fileprivate init(_ range: SyncRange, _ summary: SyncMessage.Summary) {
        depth = UInt32(range.depth)
        prefix = range.prefix
        switch summary {
        case .held(let versions):
            held = WireHeldMessage()  // so that it is there even if nothing is held
            for version in versions { held.append(version) }
        case .digests(let digests): self.digests = .init(digests.flatMap(\.digestBytes))
        }
    }
}

extension WireHeldMessage {
    fileprivate mutating func append(_ version: HeldVersion) {
        keys.append(version.key.bits)
        sequences.append(version.sequence)
        checks.append(version.check)
        if version.isReportedUnreachable { unreachable.append(version.key.bits) }
        if version.isForgotten { forgotten.append(version.key.bits) }
    }
}
