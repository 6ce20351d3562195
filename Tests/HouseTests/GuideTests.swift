import Testing

/// Pages that show code.
@Suite struct GuideTests {
    /// In forty lines, as docs/LIBP2P.md has them.
    @Test func theChatIsShownAsItIs() throws {
        let chat = try House.text(of: "Examples/Chat/Chat.swift")
        #expect(chat.split(separator: "\n", omittingEmptySubsequences: false).count - 1 <= 40)
        #expect(try House.text(of: "docs/LIBP2P.md").contains("```swift\n\(chat)```\n"))
    }
}
