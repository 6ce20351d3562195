/// What somebody else did to a hosts file, apart from our block in it, so that it can be done again to what is there now.
///
/// Doing it twice is doing it once: who made the present file may have seen the edit already.
struct HostsEdit: Sendable {
    /// The whole file as he left it.
    private let file: [UInt8]
    /// What is not ours, as he found it and as he left it.
    private let before: [UInt8]
    private let after: [UInt8]
    private let block: HostsBlock

    /// `nil` if nothing but our block differs.
    init?(from old: [UInt8], to new: [UInt8], besides block: HostsBlock) {
        file = new
        before = block.removed(from: old)
        after = block.removed(from: new)
        self.block = block
        if before == after { return nil }
    }

    /// - Parameter isFromBefore: whether `current` was made from a file without the edit. Only then are the lines taken away that he
    ///   took away; else they may have come back since.
    func applied(to current: [UInt8], isFromBefore: Bool) -> [UInt8] {
        let rest = block.removed(from: current)
        if rest == after { return current }
        return rest == before ? file : merged(into: rest, removing: isFromBefore)
    }

    private func merged(into rest: [UInt8], removing: Bool) -> [UInt8] {
        let (before, after) = (Self.split(self.before), Self.split(self.after))
        var lines = Self.split(rest)
        let (had, has) = (Tally(before), Tally(after))
        if removing { Self.removeSurplus(from: &lines) { had[$0] > has[$0] ? has[$0] : .max } }
        let present = Tally(lines)
        var missing = Tally([])
        for line in after where has[line] > had[line] { missing[line] = max(0, has[line] - present[line]) }
        return Self.joined(Self.inserting(&missing, of: after, into: lines))
    }

    /// Keeps the first of equal lines, as many of them as are allowed.
    private static func removeSurplus(from lines: inout [ArraySlice<UInt8>], allowed: (ArraySlice<UInt8>) -> Int) {
        var kept = Tally([])
        lines.removeAll { line in
            kept[line] += 1
            return kept[line] > allowed(line)
        }
    }

    /// Puts each missing line behind the line that it follows in his file, as far as that is there.
    private static func inserting(
        _ missing: inout Tally, of after: [ArraySlice<UInt8>], into lines: [ArraySlice<UInt8>]
    ) -> [ArraySlice<UInt8>] {
        let counts = Tally(lines)
        var places: [ArraySlice<UInt8>: Int] = [:]
        for (index, line) in lines.enumerated() where counts[line] == 1 { places[line] = index }
        var additions: [Int: [ArraySlice<UInt8>]] = [:]
        var place = -1
        for line in after {
            if missing[line] > 0 {
                missing[line] -= 1
                additions[place, default: []].append(line)
            } else if let index = places[line] {
                place = index
            }
        }
        let first = additions[-1] ?? []
        return first + lines.enumerated().flatMap { [$0.element] + (additions[$0.offset] ?? []) }
    }

    /// Lines without their ends.
    private static func split(_ file: [UInt8]) -> [ArraySlice<UInt8>] {
        HostsText.lines(of: file).map { $0.last == UInt8(ascii: "\n") ? $0.dropLast() : $0 }
    }

    private static func joined(_ lines: [ArraySlice<UInt8>]) -> [UInt8] {
        lines.flatMap { $0 + [UInt8(ascii: "\n")] }
    }
}

/// How often each line is there.
private struct Tally {
    private var counts: [ArraySlice<UInt8>: Int] = [:]

    init(_ lines: [ArraySlice<UInt8>]) {
        for line in lines { self[line] += 1 }
    }

    subscript(line: ArraySlice<UInt8>) -> Int {
        get { counts[line, default: 0] }
        set { counts[line] = newValue }
    }
}
