import DNSCodec
import IPAddresses
import Testing
import WeftTestKit

@Suite struct ZoneTests {
    private func ask(_ name: String, _ type: RecordType, class: Int = 1, zone: Zone = Golden.zone) throws -> LittleAnswer {
        let message = try #require(zone.reply(to: query(name, Int(type.rawValue), class: `class`), over: .udp))
        return try #require(LittleAnswer(message))
    }

    @Test(arguments: ["x.host-a.weft", "nobody.weft", "host-a.host-a.weft", "-.weft", "bad_name.weft"])
    func whatNobodyIsCalledIsNoName(name: String) throws {
        for type in [RecordType.a, .aaaa, .any, .soa] {
            let answer = try ask(name, type)
            #expect(answer.code == 3 && answer.isAuthoritative && answer.answers.isEmpty)
            #expect(answer.authority.map(\.type) == [6] && answer.authority[0].name == "weft.")
        }
    }

    @Test(arguments: [
        "example", "weft.example", "", "host-aweft", "arpa", "in-addr.arpa", "1.1.168.192.in-addr.arpa", "63.100.in-addr.arpa",
    ])
    func whatIsNotOursIsRefused(name: String) throws {
        let answer = try ask(name, .a)
        #expect(answer.code == 5 && !answer.isAuthoritative && answer.answers.isEmpty && answer.authority.isEmpty)
    }

    @Test func otherClassesAndWholeZonesAreRefused() throws {
        #expect(try ask("host-a.weft", .a, class: 3).code == 5)
        #expect(try ask("host-a.weft", .a, class: 255).code == 5)
        #expect(try ask("weft", .axfr).code == 5)
        #expect(try ask("weft", .ixfr).code == 5)
    }

    @Test func theTopHasItsOwnRecords() throws {
        #expect(try ask("weft", .soa).answers.map(\.dataName) == ["weft."])
        #expect(try ask("weft", .ns).answers.map(\.dataName) == ["weft."])
        let nothing = try ask("weft", .a)
        #expect(nothing.code == 0 && nothing.answers.isEmpty && nothing.authority.map(\.type) == [6])
        #expect(nothing.authority[0].ttl == Int(Zone.negativeTimeToLive))
    }

    @Test func aHostWithoutAddressesIsThere() throws {
        let answer = try ask("waiting.weft", .a)
        #expect(answer.code == 0 && answer.answers.isEmpty && answer.authority.count == 1)
    }

    @Test func theSpellingOfTheQuestionComesBack() throws {
        let answer = try ask("hOsT-A.wEFt", .a)
        #expect(answer.question == "hOsT-A.wEFt. 1")
        #expect(answer.answers.map(\.name) == ["hOsT-A.wEFt."])
        #expect(answer.answers[0].ttl == Int(Zone.timeToLive))
    }

    // MARK: Addresses

    @Test func anAddressHasItsName() throws {
        #expect(try ask("3.2.1.10.IN-ADDR.arpa", .ptr).answers.map(\.dataName) == ["host-a.weft."])
        #expect(try ask("1.0.65.100.in-addr.arpa", .ptr).answers.map(\.dataName) == ["host-b.weft."])
        let sixth = "2" + String(repeating: ".0", count: 23) + ".7.0.0.0.0.0.d.f.ip6.ARPA"
        #expect(try ask(sixth, .ptr).answers.map(\.dataName) == ["host-b.weft."])
        #expect(try ask(sixth, .a).authority.map(\.name) == ["0.0.0.0.0.0.0.0.7.0.0.0.0.0.d.f.ip6.ARPA."])
    }

    @Test func anAddressOutsideTheRangesHasNone() throws {
        #expect(try ask("1.2.0.192.in-addr.arpa", .ptr).code == 5)
    }

    @Test(arguments: [
        "4.2.1.10.in-addr.arpa", "x.10.in-addr.arpa", "03.2.1.10.in-addr.arpa", "256.1.10.in-addr.arpa", "9.3.2.1.10.in-addr.arpa",
        "1.0.66.100.in-addr.arpa", "2.10.in-addr.arpa", "+3.2.1.10.in-addr.arpa",
    ])
    func anAddressOfNobodyIsNoName(name: String) throws {
        let answer = try ask(name, .ptr)
        #expect(answer.code == 3 && answer.isAuthoritative && answer.authority.map(\.type) == [6])
    }

    /// RFC 8020: nothing is below a name that is not there, so what is above an address must be.
    @Test(arguments: ["2.1.10.in-addr.arpa", "1.10.in-addr.arpa", "10.in-addr.arpa", "65.100.in-addr.arpa", "64.100.in-addr.arpa"])
    func whatIsAboveAnAddressIsThere(name: String) throws {
        let answer = try ask(name, .ptr)
        #expect(answer.code == 0 && answer.answers.isEmpty && answer.authority.count == 1)
    }

    @Test func aRangeIsRegisteredAsTheZonesThatFillIt() {
        let names = Golden.zone.reverseDomains.map(\.description)
        #expect(names.count == 1 + 64 + 4)
        #expect(names.first == "10.in-addr.arpa." && names[1] == "64.100.in-addr.arpa." && names[64] == "127.100.in-addr.arpa.")
        #expect(names.last == "3.0.0.0.0.0.0.0.7.0.0.0.0.0.d.f.ip6.arpa.")
    }

    @Test func theTopOfARangeHasItsOwnRecords() throws {
        #expect(try ask("10.in-addr.arpa", .soa).answers.map(\.dataName) == ["10.in-addr.arpa."])
        #expect(try ask("77.100.in-addr.arpa", .ns).answers.map(\.dataName) == ["77.100.in-addr.arpa."])
    }

    @Test(arguments: ["0.0.0.0/0", "::/0", "10.1.2.3/32", "10.1.2.0/25", "128.0.0.0/1", "fd00::1/128"])
    func anyRangeWillDo(text: String) throws {
        let range = try #require(IPPrefix(text))
        let zone = Zone(domain: name("weft"), entries: [.init(name: "a", addresses: [range.address])], ranges: [range])
        #expect((1...128).contains(zone.reverseDomains.count))
        for domain in zone.reverseDomains {
            #expect(try ask(domain.description, .soa, zone: zone).answers.count == 1)
        }
    }

    // MARK: Sizes

    private func crowd(_ count: Int) -> Zone {
        let addresses = (0..<count).map { IPAddress(family: .ipv6, value: UInt128($0)) }
        return Zone(domain: name("weft"), entries: [.init(name: "many", addresses: addresses)], ranges: [])
    }

    /// 12 and 15 bytes, 28 for each address, 11 for the extension: 17 addresses fit into 512 bytes, and with it 16.
    @Test(arguments: [(nil, 17), (0, 16), (600, 20), (1232, 42), (4096, 42)] as [(Int?, Int)])
    func whatIsTooLongForUDPSaysSo(size: Int?, fitting: Int) throws {
        let message = query("many.weft", 28, edns: size)
        let whole = try #require(crowd(fitting).reply(to: message, over: .udp).flatMap { LittleAnswer($0) })
        #expect(whole.answers.count == fitting && !whole.isTruncated)
        let cut = try #require(crowd(fitting + 1).reply(to: message, over: .udp).flatMap { LittleAnswer($0) })
        #expect(cut.answers.isEmpty && cut.isTruncated && cut.code == 0 && cut.additional.count == (size == nil ? 0 : 1))
        let stream = try #require(crowd(fitting + 1).reply(to: message, over: .tcp).flatMap { LittleAnswer($0) })
        #expect(stream.answers.count == fitting + 1 && !stream.isTruncated)
    }

    @Test func theAddressesOfANameAreBounded() throws {
        let stream = try #require(crowd(2000).reply(to: query("many.weft", 28), over: .tcp).flatMap { LittleAnswer($0) })
        #expect(stream.answers.count == Zone.maximumAddressesPerName)
    }

    // MARK: Names

    @Test(arguments: ["", "UPPER", "a.b", "a b", "a\nb", "-a", "a-", "ü", String(repeating: "a", count: 64), "a\0"])
    func whatIsNoLabelIsLeftOut(text: String) {
        #expect(HostLabel(text) == nil)
        let zone = Zone(domain: name("weft"), entries: [.init(name: text, addresses: [address("10.0.0.1")])], ranges: [])
        #expect(zone.reply(to: query("weft", 1), over: .udp) != nil)
    }

    @Test func namesAreReadAndWritten() {
        #expect(DNSName("host-a.Weft.")?.description == "host-a.Weft.")
        #expect(DNSName("host-a.weft") == DNSName("HOST-A.WEFT."))
        #expect(DNSName(".")?.labels.count == 0 && DNSName("")?.description == ".")
        #expect(DNSName(labels: [[0, 46, 255]])?.description == "\\000\\046\\255.")
        for text in ["a..b", ".a", "a b", "a\n", String(repeating: "a.", count: 128), String(repeating: "a", count: 64)] {
            #expect(DNSName(text) == nil)
        }
        #expect(DNSName(String(repeating: "a.", count: 127)) != nil)
    }
}
