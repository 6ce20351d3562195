/// Reads an answer, by itself: nothing of what is tested helps it. `nil` for anything that is not whole.
struct LittleAnswer: Equatable {
    struct Record: Equatable {
        var name: String
        var type: Int
        var ttl: Int
        var data: [UInt8]
        var dataName: String?
    }

    var id: Int
    var flags: Int
    var question: String?
    var answers: [Record] = []
    var authority: [Record] = []
    var additional: [Record] = []

    var code: Int { flags & 0xf }
    var isTruncated: Bool { flags & 0x0200 != 0 }
    var isAuthoritative: Bool { flags & 0x0400 != 0 }

    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 12 else { return nil }
        let word = { Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]) }
        (id, flags) = (word(0), word(2))
        guard flags & 0x8000 != 0, word(4) <= 1 else { return nil }
        var at = 12
        if word(4) == 1 {
            guard let name = Self.name(bytes, &at), at + 4 <= bytes.count else { return nil }
            question = "\(name) \(word(at))"
            at += 4
        }
        var sections: [[Record]] = []
        for count in [word(6), word(8), word(10)] {
            var records: [Record] = []
            for _ in 0..<count {
                guard let record = Self.record(bytes, &at) else { return nil }
                records.append(record)
            }
            sections.append(records)
        }
        guard at == bytes.count else { return nil }
        (answers, authority, additional) = (sections[0], sections[1], sections[2])
    }

    private static func record(_ bytes: [UInt8], _ at: inout Int) -> Record? {
        guard let name = name(bytes, &at), at + 10 <= bytes.count else { return nil }
        let start = at
        let field = { (offset: Int, count: Int) in bytes[(start + offset)..<(start + offset + count)].reduce(0) { $0 << 8 | Int($1) } }
        let (type, ttl, length) = (field(0, 2), field(4, 4), field(8, 2))
        at += 10
        guard at + length <= bytes.count else { return nil }
        var inside = at
        let dataName = [2, 6, 12].contains(type) ? Self.name(bytes, &inside) : nil
        if [2, 12].contains(type), inside != at + length { return nil }
        defer { at += length }
        return Record(name: name, type: type, ttl: ttl, data: Array(bytes[at..<at + length]), dataName: dataName)
    }

    private static func name(_ bytes: [UInt8], _ at: inout Int) -> String? {
        var text = ""
        var cursor = at
        var jumps = 0
        while cursor < bytes.count {
            let length = Int(bytes[cursor])
            if length == 0 {
                if jumps == 0 { at = cursor + 1 }
                return text.isEmpty ? "." : text
            }
            if length >= 0xc0 {
                guard cursor + 1 < bytes.count, jumps < 20 else { return nil }
                if jumps == 0 { at = cursor + 2 }
                jumps += 1
                cursor = (length & 0x3f) << 8 | Int(bytes[cursor + 1])
            } else {
                guard length < 64, cursor + 1 + length <= bytes.count else { return nil }
                text += String(bytes[(cursor + 1)...(cursor + length)].map { Character(UnicodeScalar($0)) }) + "."
                cursor += 1 + length
            }
        }
        return nil
    }
}

/// A query as any client would write it.
func query(_ name: String, _ type: Int, class: Int = 1, edns: Int? = nil) -> [UInt8] {
    let labels = name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
    let opt: [UInt8] = edns.map { [0, 0, 41, UInt8($0 >> 8), UInt8($0 & 0xff), 0, 0, 0, 0, 0, 0] } ?? []
    return [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, edns == nil ? 0 : 1] + labels
        + [0, UInt8(type >> 8), UInt8(type & 0xff), UInt8(`class` >> 8), UInt8(`class` & 0xff)] + opt
}
