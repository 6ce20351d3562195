/// A message of multicast DNS, in which programs on one link ask and answer each other (RFC 6762 section 18).
package struct MulticastMessage: Hashable, Sendable {
    /// The longest message (RFC 6762 section 17).
    package static let maximumBytes = 9000
    /// Of one message; what has more is no honest one.
    static let maximumQuestions = 64
    static let maximumRecords = 512

    package var isResponse: Bool
    package var questions: [DNSQuestion]
    package var answers: [DNSRecord]
    /// What who gets the answers will ask next.
    package var additional: [DNSRecord]

    package init(isResponse: Bool, questions: [DNSQuestion] = [], answers: [DNSRecord] = [], additional: [DNSRecord] = []) {
        self.isResponse = isResponse
        self.questions = questions
        self.answers = answers
        self.additional = additional
    }

    /// Reads what matters for finding services: questions, and records of the types PTR and TXT. Others are passed over.
    package init(_ message: [UInt8]) throws(DNSCodecError) {
        var reader = DNSReader(message)
        let header = try DNSHeader(&reader)
        guard message.count <= Self.maximumBytes else { throw .truncated }
        var counts: [Int] = []
        for _ in 0..<4 { counts.append(Int(try reader.number(UInt16.self))) }
        guard counts[0] <= Self.maximumQuestions, counts[1...].reduce(0, +) <= Self.maximumRecords else { throw .badQuestionCount }
        isResponse = header.isResponse
        questions = []
        for _ in 0..<counts[0] {
            let question = try DNSQuestion(&reader)
            questions.append(DNSQuestion(name: question.name, type: question.type, class: question.class & ~Self.topBit))
        }
        answers = try Self.records(counts[1], &reader)
        _ = try Self.records(counts[2], &reader)
        additional = try Self.records(counts[3], &reader)
    }

    private static func records(_ count: Int, _ reader: inout DNSReader) throws(DNSCodecError) -> [DNSRecord] {
        var records: [DNSRecord] = []
        for _ in 0..<count {
            let raw = try RawRecord(&reader)
            guard raw.class & ~topBit == DNSQuestion.internetClass, let data = try data(of: raw, reader) else { continue }
            records.append(DNSRecord(name: raw.name, timeToLive: raw.timeToLive, data: data))
        }
        return records
    }

    private static func data(of raw: RawRecord, _ reader: DNSReader) throws(DNSCodecError) -> RecordData? {
        switch raw.type {
        case .ptr: .ptr(try reader.name(at: raw.data))
        case .txt: .txt(try texts(raw.data))
        default: nil
        }
    }

    private static func texts(_ data: ArraySlice<UInt8>) throws(DNSCodecError) -> [String] {
        var reader = DNSReader(Array(data))
        var texts: [String] = []
        while !reader.isAtEnd {
            let length = Int(try reader.number(UInt8.self))
            texts.append(String(decoding: try reader.take(length), as: UTF8.self))
        }
        return texts
    }

    // MARK: Encoding

    /// In a question "answer me alone", in a record "what you had of this is out of date" (RFC 6762 sections 5.4 and 10.2).
    private static let topBit: UInt16 = 0x8000

    /// A pointer to an instance is one of many; the rest has one owner, and replaces what was known of it.
    package var encoded: [UInt8] {
        var writer = DNSWriter()
        writer.append(UInt16(0))
        writer.append(isResponse ? DNSHeader.Flag.response | DNSHeader.Flag.authoritative : 0)
        for count in [questions.count, answers.count, 0, additional.count] { writer.append(UInt16(truncatingIfNeeded: count)) }
        for question in questions { writer.append(question) }
        for record in answers + additional {
            writer.append(record, class: DNSQuestion.internetClass | (record.data.type == .ptr ? 0 : Self.topBit))
        }
        return writer.bytes
    }
}
