import DNSCodec
import IPAddresses
import Testing

/// Bytes from hexadecimal text; white space is free, and what follows a `#` is a remark.
func hex(_ text: String) -> [UInt8] {
    let digits = text.split(separator: "\n").flatMap { $0.prefix { $0 != "#" } }.filter(\.isHexDigit)
    return stride(from: 0, to: digits.count - 1, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
}

/// Questions and answers put together by hand from the RFCs.
enum Golden {
    /// Host-A.Weft
    static let hostA = "06 486f73742d41 04 57656674 00"
    /// SOA of weft. at offset 19 of the message (the end of the question's name), as data of 48 bytes.
    static let soaData = """
        0026                                    # 38 bytes
        c013                                    # MNAME: the zone itself
        06 6e6f626f6479 07 696e76616c6964 00    # RNAME: nobody.invalid
        00000001 00000e10 000004b0 00093a80 00000005
        """

    struct Exchange: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let query: [UInt8]
        let answer: [UInt8]

        init(_ description: String, _ query: String, _ answer: String) {
            testDescription = description
            self.query = hex(query)
            self.answer = hex(answer)
        }
    }

    static let exchanges = [
        Exchange(
            "A, with the spelling of the question",
            "1234 0100 0001 0000 0000 0000 \(hostA) 0001 0001",
            """
            1234 8500 0001 0001 0000 0000           # QR, AA, RD
            \(hostA) 0001 0001
            c00c 0001 0001 0000000a 0004 0a010203
            """),
        Exchange(
            "AAAA, with EDNS and DO",
            "1234 0000 0001 0000 0000 0001 \(hostA) 001c 0001  00 0029 1000 00 00 8000 0000",
            """
            1234 8400 0001 0001 0000 0001
            \(hostA) 001c 0001
            c00c 001c 0001 0000000a 0010 fd000007000000000000000000000001
            00 0029 04d0 00 00 8000 0000            # 1232 bytes, version 0, DO
            """),
        Exchange(
            "NODATA: the name is there, MX is not",
            "0001 0100 0001 0000 0000 0000 \(hostA) 000f 0001",
            """
            0001 8500 0001 0000 0001 0000
            \(hostA) 000f 0001
            c013 0006 0001 00000005 \(soaData)
            """),
        Exchange(
            "NXDOMAIN",
            "0001 0000 0001 0000 0000 0000 06 6e6f626f6479 04 77656674 00 0001 0001",
            """
            0001 8403 0001 0000 0001 0000
            06 6e6f626f6479 04 77656674 00 0001 0001
            c013 0006 0001 00000005 \(soaData)
            """),
        Exchange(
            "ANY (RFC 8482)",
            "0001 0000 0001 0000 0000 0000 \(hostA) 00ff 0001",
            """
            0001 8400 0001 0001 0000 0000
            \(hostA) 00ff 0001
            c00c 000d 0001 0000000a 0009 07 52464338343832 00
            """),
        Exchange(
            "PTR (RFC 1035 section 3.5)",
            "0001 0000 0001 0000 0000 0000 01 33 01 32 01 31 02 3130 07 696e2d61646472 04 61727061 00 000c 0001",
            """
            0001 8400 0001 0001 0000 0000
            01 33 01 32 01 31 02 3130 07 696e2d61646472 04 61727061 00 000c 0001
            c00c 000c 0001 0000000a 000d 06 686f73742d61 04 77656674 00
            """),
        Exchange(
            "REFUSED: another zone",
            "0001 0100 0001 0000 0000 0000 07 6578616d706c65 00 0001 0001",
            "0001 8105 0001 0000 0000 0000 07 6578616d706c65 00 0001 0001"),
        Exchange(
            "BADVERS (RFC 6891 section 6.1.3)",
            "0001 0000 0001 0000 0000 0001 \(hostA) 0001 0001  00 0029 1000 00 01 0000 0000",
            "0001 8000 0001 0000 0000 0001 \(hostA) 0001 0001  00 0029 04d0 01 00 0000 0000"),
        Exchange("NOTIMP: a notification", "0001 2100 0001 0000 0000 0000 00 0006 0001", "0001 a104 0000 0000 0000 0000"),
        Exchange("FORMERR: no question", "0001 0100 0000 0000 0000 0000", "0001 8101 0000 0000 0000 0000"),
        Exchange(
            "FORMERR: two questions (RFC 9619)",
            "0001 0100 0002 0000 0000 0000 \(hostA) 0001 0001 \(hostA) 001c 0001", "0001 8101 0000 0000 0000 0000"),
        Exchange("FORMERR: half a question", "0001 0000 0001 0000 0000 0000 06 486f", "0001 8001 0000 0000 0000 0000"),
        Exchange(
            "FORMERR: a pointer to itself", "0001 0000 0001 0000 0000 0000 c00c 0001 0001", "0001 8001 0000 0000 0000 0000"),
        Exchange(
            "FORMERR: a pointer into the header", "0001 0000 0001 0000 0000 0000 c000 0001 0001", "0001 8001 0000 0000 0000 0000"),
        Exchange(
            "FORMERR: two OPT records",
            "0001 0000 0001 0000 0000 0002 \(hostA) 0001 0001 00 0029 1000 00000000 0000 00 0029 1000 00000000 0000",
            "0001 8001 0000 0000 0000 0000"),
        Exchange(
            "FORMERR: an option that is cut", "0001 0000 0001 0000 0000 0001 \(hostA) 0001 0001 00 0029 1000 00000000 0006 000a 0008 0102",
            "0001 8001 0000 0000 0000 0000"),
    ]

    /// host-a: 10.1.2.3 and fd00:7::1; host-b: fd00:7::2; in 10.0.0.0/8, 100.64.0.0/10 and fd00:7::/62.
    static let zone = Zone(
        domain: name("weft"),
        entries: [
            Zone.Entry(name: "host-a", addresses: [address("10.1.2.3"), address("fd00:7::1")]),
            Zone.Entry(name: "host-b", addresses: [address("fd00:7::2"), address("100.65.0.1")]),
            Zone.Entry(name: "stranger", addresses: [address("192.0.2.1")]),
            Zone.Entry(name: "waiting", addresses: []),
        ],
        ranges: [IPPrefix("10.0.0.0/8"), IPPrefix("100.64.0.0/10"), IPPrefix("fd00:7::/62")].compactMap { $0 }, serial: 1)
}

/// Texts of the tests themselves: one that is no address fails the test that uses it.
func address(_ text: String) -> IPAddress { IPAddress(text) ?? IPAddress(family: .ipv4, value: 0) }
func name(_ text: String) -> DNSName { DNSName(text) ?? DNSName(labels: []) ?? name("failed") }
