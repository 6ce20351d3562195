import Multiformats
import Testing

@Suite struct VarintTests {
    @Test(
        arguments: [
            (0, [0x00]), (1, [0x01]), (127, [0x7f]), (128, [0x80, 0x01]), (300, [0xac, 0x02]), (16384, [0x80, 0x80, 0x01]),
            (UInt64.max >> 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
        ] as [(UInt64, [UInt8])])
    func `encodes and decodes`(value: UInt64, bytes: [UInt8]) throws {
        #expect(Varint.encode(value) == bytes)
        var rest = (bytes + [0xaa])[...]
        #expect(try Varint.decode(&rest) == value)
        #expect(Array(rest) == [0xaa])
    }

    @Test func `waits for the end and takes nothing until then`() throws {
        var rest: ArraySlice<UInt8> = [0x80, 0x80]
        #expect(try Varint.decode(&rest) == nil)
        #expect(rest.count == 2)
    }

    @Test func `refuses more than nine bytes and needless ones`() {
        var long = [UInt8](repeating: 0x80, count: 9)[...]
        #expect(throws: VarintError.tooLong) { try Varint.decode(&long) }
        var largest = Varint.encode(.max)[...]
        #expect(throws: VarintError.tooLong) { try Varint.decode(&largest) }
        var padded: ArraySlice<UInt8> = [0x81, 0x00]
        #expect(throws: VarintError.notMinimal) { try Varint.decode(&padded) }
    }
}

@Suite struct LengthPrefixedTests {
    @Test func `finds payloads in a stream, one byte at a time`() throws {
        let payloads: [[UInt8]] = [[1, 2, 3], [], Array(repeating: 7, count: 300), [9]]
        var decoder = LengthPrefixedDecoder(maximumLength: 300)
        var found: [[UInt8]] = []
        for byte in payloads.flatMap(LengthPrefixed.encode) {
            decoder.append([byte])
            while let payload = try decoder.next() { found.append(payload) }
        }
        #expect(found == payloads)
        #expect(decoder.remainder.isEmpty)
    }

    @Test func `keeps what it has not returned`() throws {
        var decoder = LengthPrefixedDecoder(maximumLength: 10)
        decoder.append([2, 1, 2, 3, 9])
        #expect(try decoder.next() == [1, 2])
        #expect(decoder.remainder == [3, 9])
        #expect(try decoder.next() == nil)
        #expect(decoder.remainder == [3, 9])
    }

    @Test func `handles many frames in one append`() throws {
        var decoder = LengthPrefixedDecoder(maximumLength: 10)
        decoder.append((0..<20_000).flatMap { LengthPrefixed.encode([UInt8(truncatingIfNeeded: $0)]) })
        for index in 0..<20_000 { #expect(try decoder.next() == [UInt8(truncatingIfNeeded: index)]) }
        #expect(try decoder.next() == nil)
    }

    @Test func `refuses what is too long, before it comes, and stays refused`() {
        var decoder = LengthPrefixedDecoder(maximumLength: 300)
        decoder.append(Varint.encode(301))
        #expect(throws: LengthPrefixedError.tooLong(length: 301)) { try decoder.next() }
        decoder.append([0, 0, 0])
        #expect(throws: LengthPrefixedError.tooLong(length: 301)) { try decoder.next() }
        var huge = LengthPrefixedDecoder(maximumLength: .max)
        huge.append(Varint.encode(.max >> 1))
        #expect(throws: Never.self) { try huge.next() }
        var broken = LengthPrefixedDecoder(maximumLength: 10)
        broken.append([0x80, 0x00])
        #expect(throws: LengthPrefixedError.malformedLength) { try broken.next() }
    }
}
