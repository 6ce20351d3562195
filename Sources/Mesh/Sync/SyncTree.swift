import Multiformats

/// What a node holds, in a form that two nodes can compare without telling each other all of it: a trie over `SyncKey`, in which
/// each range has a digest.
///
/// The digest of a range is the sum, modulo 2^128, of the stamps of what is in it. A sum can be kept up in as many steps as the
/// trie is deep, and it depends on what is held alone, not on the order in which it came. A trie was chosen over ranges of a
/// sorted list because both nodes cut it at the same places without a word, and because no sum over part of a range is needed.
///
/// Sums can be forged by somebody who makes many identities for it. That takes the secret of the mesh, and hides a difference
/// from one pair of nodes at a time; gossip, and comparisons with other nodes, still bring it.
struct SyncTree: Sendable {
    enum Entry: Hashable, Sendable {
        case held(SealedRecord)
        /// Held, and its owner was reported to be unreachable.
        case reported(SealedRecord)
        /// Its record has ended: it is remembered, but two nodes do not differ by it.
        case ended(PeerID)

        var peer: PeerID {
            switch self {
            case .held(let sealed), .reported(let sealed): sealed.record.peer
            case .ended(let peer): peer
            }
        }

        var key: SyncKey {
            switch self {
            case .held(let sealed), .reported(let sealed): sealed.key
            case .ended(let peer): SyncKey(peer)
            }
        }

        /// What it adds to the digests. That a member is reported adds another sum for each, or as many reports elsewhere would add up to the
        /// same; beside the bits of which a version's check is made.
        var stamp: UInt128 {
            switch self {
            case .held(let sealed): sealed.stamp
            case .reported(let sealed): sealed.stamp &+ sealed.stamp << 64
            case .ended: 0
            }
        }
    }

    /// Entries of a leaf at most, unless their keys are the same: enough that most of a leaf is entries.
    static let leafCapacity = 64
    /// Entries of a range that are told about as shortly as the digests of its parts.
    static let maximumListed = 16

    private var root = Node.leaf([])

    var count: Int { root.count }

    /// Puts an entry in, in place of the one of the same peer.
    mutating func set(_ entry: Entry) {
        _ = root.set(entry, depth: 0)
    }

    mutating func remove(_ peer: PeerID) {
        _ = root.remove(peer, key: SyncKey(peer), depth: 0)
    }

    func digest(of range: SyncRange) -> UInt128 { reduce(range, 0, node: \.digest) { $0 &+ $1.stamp } }

    func count(in range: SyncRange) -> Int { reduce(range, 0, node: \.count) { sum, _ in sum + 1 } }

    /// In the order of their keys.
    func entries(in range: SyncRange) -> [Entry] { reduce(range, [], node: \.entries) { $0 + [$1] } }

    /// What a node knows at once of its whole subtree, or, where the range is but a part of a leaf, what its entries add up to.
    private func reduce<Result>(
        _ range: SyncRange, _ none: Result, node summary: (Node) -> Result, entry add: (Result, Entry) -> Result
    ) -> Result {
        var node = root
        for depth in 0..<range.depth {
            switch node {
            case .branch(let branch): node = branch.children[range.firstKey.digit(at: depth)]
            case .leaf(let entries):
                let start = entries.firstPosition { $0.key < range.firstKey }
                return entries[start...].lazy.prefix { range.contains($0.key) }.reduce(none, add)
            }
        }
        return summary(node)
    }
}

extension SyncTree {
    /// Everything below one range. A branch always has as many children as `SyncRange.fanOut`.
    fileprivate enum Node: Sendable {
        /// In the order of their keys.
        case leaf([Entry])
        indirect case branch(Branch)
    }

    fileprivate struct Branch: Sendable {
        var digest: UInt128
        var count: Int
        var children: [Node]
    }
}

extension SyncTree.Node {
    fileprivate var digest: UInt128 {
        switch self {
        case .leaf(let entries): entries.reduce(0) { $0 &+ $1.stamp }
        case .branch(let branch): branch.digest
        }
    }

    fileprivate var count: Int {
        switch self {
        case .leaf(let entries): entries.count
        case .branch(let branch): branch.count
        }
    }

    fileprivate var entries: [SyncTree.Entry] {
        switch self {
        case .leaf(let entries): entries
        case .branch(let branch): branch.children.flatMap(\.entries)
        }
    }

    /// - Returns: the entry that was replaced.
    fileprivate mutating func set(_ entry: SyncTree.Entry, depth: Int) -> SyncTree.Entry? {
        switch self {
        case .leaf(var entries):
            self = .leaf([])  // so that the array has one owner, and changes in place
            let previous = entries.replace(entry)
            self = .leaf(entries)
            splitIfFull(depth: depth)
            return previous
        case .branch(var branch):
            self = .leaf([])
            let previous = branch.children[entry.key.digit(at: depth)].set(entry, depth: depth + 1)
            branch.digest = branch.digest &- (previous?.stamp ?? 0) &+ entry.stamp
            branch.count += previous == nil ? 1 : 0
            self = .branch(branch)
            return previous
        }
    }

    /// - Returns: the entry that was removed.
    fileprivate mutating func remove(_ peer: PeerID, key: SyncKey, depth: Int) -> SyncTree.Entry? {
        switch self {
        case .leaf(var entries):
            let (position, isThere) = entries.position(of: peer, key)
            guard isThere else { return nil }
            let removed = entries.remove(at: position)
            self = .leaf(entries)
            return removed
        case .branch(var branch):
            self = .leaf([])
            let removed = branch.children[key.digit(at: depth)].remove(peer, key: key, depth: depth + 1)
            branch.digest = branch.digest &- (removed?.stamp ?? 0)
            branch.count -= removed == nil ? 0 : 1
            self = .branch(branch)
            joinIfSparse()
            return removed
        }
    }

    private mutating func splitIfFull(depth: Int) {
        guard case .leaf(let entries) = self, entries.count > SyncTree.leafCapacity, depth < SyncKey.digitCount else { return }
        var parts = [[SyncTree.Entry]](repeating: [], count: SyncRange.fanOut)
        for entry in entries { parts[entry.key.digit(at: depth)].append(entry) }
        var children = parts.map(SyncTree.Node.leaf)
        for index in children.indices { children[index].splitIfFull(depth: depth + 1) }
        self = .branch(SyncTree.Branch(digest: digest, count: entries.count, children: children))
    }

    /// At half of what makes a leaf split, so that one peer that comes and goes does not do both each time.
    private mutating func joinIfSparse() {
        guard count <= SyncTree.leafCapacity / 2 else { return }
        self = .leaf(entries)
    }
}

extension [SyncTree.Entry] {
    fileprivate mutating func replace(_ entry: Element) -> Element? {
        let (position, isThere) = position(of: entry.peer, entry.key)
        guard isThere else {
            insert(entry, at: position)
            return nil
        }
        defer { self[position] = entry }
        return self[position]
    }

    /// Where the peer's entry is, or belongs. Peers of one key are in no order.
    fileprivate func position(of peer: PeerID, _ key: SyncKey) -> (Int, isThere: Bool) {
        var position = firstPosition { $0.key < key }
        while position < count, self[position].key == key {
            if self[position].peer == peer { return (position, true) }
            position += 1
        }
        return (position, false)
    }
}
