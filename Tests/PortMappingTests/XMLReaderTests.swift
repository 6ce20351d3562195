import PortMapping
import Testing

@Suite struct XMLReaderTests {
    private func tokens(_ document: [UInt8]) throws -> [XMLReader.Token] {
        var reader = try XMLReader(document)
        var tokens: [XMLReader.Token] = []
        while let token = try reader.next() { tokens.append(token) }
        return tokens
    }

    private func tokens(_ text: String) throws -> [XMLReader.Token] { try tokens(bytes(text)) }

    private func fault(_ text: String) -> XMLFault? {
        do {
            _ = try tokens(text)
            return nil
        } catch {
            return error as? XMLFault
        }
    }

    @Test func elementsAndTheirTextsAreRead() throws {
        #expect(try tokens("<a>x</a>") == [.start("a"), .text("x"), .end("a")])
        #expect(
            try tokens("<?xml?><!-- > --><n:a b='>' c=\"/>\" ><d/>\n y &lt;z&gt; </n:a >\n")
                == [.start("a"), .start("d"), .end("d"), .text("y <z>"), .end("a")])
        #expect(try tokens("<a><![CDATA[<b>&amp;]]></a>") == [.start("a"), .text("<b>&amp;"), .end("a")])
        #expect(try tokens("<a>1&#50;&apos;&quot;&amp;</a>") == [.start("a"), .text("1?'\"&"), .end("a")])
        #expect(try tokens("") == [])
        // Some devices send a NUL behind the document.
        #expect(try tokens("<a></a>\0") == [.start("a"), .end("a")])
    }

    @Test(arguments: ["<", "<a", "<a>", "<a b=\"", "<a><b></b>", "<!-- ", "<![CDATA[x", "<?xml", "<a>x"])
    func whatEndsEarlyIsTruncated(text: String) {
        #expect(fault(text) == .truncated)
    }

    @Test(arguments: [
        "<a></b>", "</a>", "<>x</>", "<a<b>", "<a>&nothing;</a>", "<a>&amp</a>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "< a/>",
    ])
    func whatIsWrongIsMalformed(text: String) {
        #expect(fault(text) == .malformed)
    }

    @Test func depthHasALimit() {
        func nested(_ depth: Int) -> String { String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth) }
        #expect(fault(nested(PortMappingLimits.documentDepth)) == nil)
        #expect(fault(nested(PortMappingLimits.documentDepth + 1)) == .limitExceeded)
    }

    @Test func textsAndNamesHaveALimit() {
        let most = String(repeating: "x", count: PortMappingLimits.textBytes)
        #expect(fault("<a>\(most)</a>") == nil)
        #expect(fault("<a>\(most)x</a>") == .limitExceeded)
        #expect(fault("<\(most)/>") == nil)
        #expect(fault("<\(most)x/>") == .limitExceeded)
    }

    @Test func documentsHaveALimit() throws {
        let fill = [UInt8](repeating: 0x20, count: PortMappingLimits.documentBytes - 4)
        #expect(try tokens(bytes("<a/>") + fill).count == 2)
        #expect(throws: XMLFault.limitExceeded) { try tokens(bytes("<a/>") + fill + [0x20]) }
    }
}
