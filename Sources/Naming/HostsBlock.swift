import DNSCodec
import IPAddresses

/// Our lines in a hosts file (hosts(5)), between two that say whose they are. Bytes in, bytes out: nothing is read or written here.
///
/// Whatever else is in the file stays as it is, byte by byte. The one thing that people may lose is a change to our own lines, as the
/// first of them says; a line of another shape that somebody put between them is kept, behind them.
package struct HostsBlock: Hashable, Sendable {
    /// Of more, the first in the order of names.
    package static let maximumLines = 65_536
    /// Names that every machine gives itself: no member of a mesh may have them, whatever it calls itself.
    static let reservedNames: Set = [
        "broadcasthost", "ip6-localhost", "ip6-loopback", "localhost", "localhost4", "localhost6", "loopback",
    ]

    let interface: String
    private let domain: DNSName
    private let domainText: String

    /// `nil` unless `interface` is a name that a network interface can have, and the domain consists of labels that hosts have too.
    package init?(interface: String, domain: DNSName) {
        let labels = domain.labels.compactMap { HostLabel(String(decoding: $0, as: UTF8.self)) }
        guard !labels.isEmpty, labels.count == domain.labels.count, Self.isInterfaceName(interface) else { return nil }
        self.interface = interface
        self.domain = domain
        domainText = labels.map(\.text).joined(separator: ".")
    }

    /// Printable ASCII without spaces and slashes, up to 15 bytes; no path, and no option of a program.
    static func isInterfaceName(_ name: String) -> Bool {
        (1...15).contains(name.utf8.count) && name.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "/") }
            && name.utf8.first != UInt8(ascii: "-") && name != "." && name != ".."
    }

    var begin: String { "# BEGIN weft \(interface) (written by weft, changes here are lost)" }
    var end: String { "# END weft \(interface)" }

    /// The file with exactly these entries of ours: where they were, else at its end. Without entries, the file without us.
    package func updated(_ file: [UInt8], with entries: [Zone.Entry]) -> [UInt8] {
        let rest = remainder(of: file)
        let lines = lines(for: entries, besides: rest.bytes)
        guard !lines.isEmpty else { return rest.bytes }
        let block = ([begin] + lines + [end]).flatMap { Array($0.utf8) + [UInt8(ascii: "\n")] }
        return rest.bytes[..<rest.place] + block + rest.bytes[rest.place...]
    }

    /// The file without us.
    package func removed(from file: [UInt8]) -> [UInt8] {
        remainder(of: file).bytes
    }
}

// MARK: - What we write

extension HostsBlock {
    /// A name that the rest of the file gives already is left to it: what the owner of the machine wrote counts, and nobody becomes
    /// another machine by taking its name.
    private func lines(for entries: [Zone.Entry], besides rest: [UInt8]) -> [String] {
        let hosts = entries.compactMap { entry in HostLabel(entry.name).map { (label: $0.text, addresses: entry.addresses) } }
        let taken = HostsText.names(in: rest, among: Set(hosts.flatMap { [$0.label, "\($0.label).\(domainText)"] }))
        var lines: Set<Line> = []
        for host in hosts {
            let names = names(of: host.label).filter { !taken.contains($0) }
            guard !names.isEmpty else { continue }
            for address in host.addresses { lines.insert(Line(names: names.joined(separator: " "), address: address)) }
        }
        return lines.sorted().prefix(Self.maximumLines).map(\.text)
    }

    private func names(of label: String) -> [String] {
        guard domain.labels.count + 1 <= 127, let label = HostLabel(label)?.text, "\(label).\(domainText)".utf8.count <= 253 else {
            return []
        }
        let whole = "\(label).\(domainText)"
        return Self.reservedNames.contains(label) ? [whole] : [whole, label]
    }

    private struct Line: Hashable, Comparable {
        let names: String
        let address: IPAddress

        var text: String { "\(address) \(names)" }

        static func < (left: Line, right: Line) -> Bool {
            left.names == right.names ? left.address < right.address : left.names < right.names
        }
    }
}

// MARK: - What is not ours

extension HostsBlock {
    /// What is left of the file without us, and where in it we were or shall be.
    func remainder(of file: [UInt8]) -> (bytes: [UInt8], place: Int) {
        let lines = HostsText.lines(of: file)
        let kinds = lines.map { kind(of: $0) }
        var rest: [UInt8] = []
        var place: Int?
        var index = 0
        while index < lines.count {
            switch kinds[index] {
            case .begin:
                place = place ?? rest.count
                let end = endOfBlock(from: index, kinds)
                for line in index..<end where kinds[line] == .other { rest += lines[line] }
                index = end
            case .end:
                index += 1
            case .otherMarker, .ours, .similar, .other:
                rest += lines[index]
                index += 1
            }
        }
        // Behind the last whole line: a line without an end stays the last one.
        return (rest, place ?? rest.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0)
    }

    /// What a line of the file is, on its own.
    private enum Kind {
        case begin
        case end
        /// The first or last line of another node's block.
        case otherMarker
        /// A line as we write it, for this domain.
        case ours
        /// A line as we would write it for another domain: what we are called may have changed.
        case similar
        case other
    }

    /// Behind the block's last line. If that is missing, behind those of our own lines that follow the first one without a gap.
    private func endOfBlock(from begin: Int, _ kinds: [Kind]) -> Int {
        let behind = kinds.index(after: begin)
        let marker = kinds[behind...].firstIndex { [.begin, .end, .otherMarker].contains($0) }
        if let marker, kinds[marker] == .end { return marker + 1 }
        return kinds[behind...].firstIndex { $0 != .ours } ?? kinds.count
    }

    private func kind(of line: ArraySlice<UInt8>) -> Kind {
        let bytes = HostsText.trimmed(line)
        if bytes.first == UInt8(ascii: "#") { return kind(ofComment: bytes) }
        let fields = bytes.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
        guard (2...3).contains(fields.count), IPAddress(fields[0]) != nil else { return .other }
        let labels = fields[1].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard labels.count == 2, HostLabel(labels[0]) != nil, DNSName(labels[1]) != nil, fields.count == 2 || fields[2] == labels[0] else {
            return .other
        }
        return labels[1] == domainText ? .ours : .similar
    }

    /// By its bytes: to `String`, different ones may be equal.
    private func kind(ofComment bytes: ArraySlice<UInt8>) -> Kind {
        let words = bytes.split(separator: UInt8(ascii: " "), maxSplits: 4, omittingEmptySubsequences: false)
        guard words.count >= 4, words[0] == [UInt8(ascii: "#")], words[2].elementsEqual("weft".utf8) else { return .other }
        let (begins, ends) = (words[1].elementsEqual("BEGIN".utf8), words[1].elementsEqual("END".utf8))
        guard begins || ends else { return .other }
        guard words[3].elementsEqual(interface.utf8) else { return .otherMarker }
        return begins ? .begin : words.count == 4 ? .end : .other
    }
}
