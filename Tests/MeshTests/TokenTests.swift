import IPAddresses
import Multiformats
import Testing
import WeftTestKit

@testable import Mesh

@Suite struct TokenTests {
    private func token(peers: Int = 2, addresses: Int = 2) throws -> JoinToken {
        let bootstrap = try (0..<peers).map { number in
            JoinToken.Bootstrap(
                peer: try identity(number).peerID,
                addresses: (0..<addresses).map { Multiaddr(tcp: endpoint("[2001:db8::\($0 + 1)]:10042")) })
        }
        return JoinToken(secret: secret(), overlay: secret().defaultOverlay(attempt: 0), bootstrap: bootstrap)
    }

    @Test func roundTrips() throws {
        for (peers, addresses) in [(0, 0), (1, 0), (2, 2), (8, 8)] {
            let token = try token(peers: peers, addresses: addresses)
            #expect(token.bootstrap.count == peers)
            #expect(token.text.utf8.count <= JoinToken.maximumLength)
            #expect(try JoinToken(token.text) == token)
            #expect(try JoinToken("  \n\(token.text.uppercased())\r\n") == token)
        }
    }

    @Test func cutsWhatIsTooMuch() throws {
        let many = try token(peers: 9, addresses: 9)
        #expect(many.bootstrap.count == 8 && many.bootstrap.allSatisfy { $0.addresses.count == 8 })
        let long = Multiaddr(components: [.dns(String(repeating: "d", count: 250)), .tcp(1)])
        let peers = try (0..<8).map { JoinToken.Bootstrap(peer: try identity($0).peerID, addresses: .init(repeating: long, count: 4)) }
        let cut = JoinToken(secret: secret(), overlay: secret().defaultOverlay(attempt: 0), bootstrap: peers)
        #expect(!cut.bootstrap.isEmpty && cut.bootstrap.count < 8)
        #expect(try JoinToken(cut.text) == cut)
    }

    @Test func everyDamagedCharacterIsNoticed() throws {
        let token = try token()
        let characters = Array(token.text)
        for position in characters.indices {
            for replacement in "abcdefghijklmnopqrstuvwxyz0123456789-ABZ= " {
                var damaged = characters
                damaged[position] = replacement
                check(String(damaged), against: token)
            }
            var shortened = characters
            shortened.remove(at: position)
            check(String(shortened), against: token)
            check(String(characters[..<position]), against: token)
        }
    }

    private func check(_ text: String, against token: JoinToken) {
        guard let parsed = try? JoinToken(text) else { return }
        #expect(parsed == token, "\(text) is taken for another token")
    }

    @Test func saysWhatIsWrong() throws {
        let text = try token().text
        #expect(throws: JoinTokenError.notAToken) { _ = try JoinToken("") }
        #expect(throws: JoinTokenError.notAToken) { _ = try JoinToken("weft") }
        #expect(throws: JoinTokenError.notAToken) { _ = try JoinToken(secret().clusterKey) }
        #expect(throws: JoinTokenError.unknownVersion("2")) { _ = try JoinToken("weft2" + text.dropFirst(5)) }
        #expect(throws: JoinTokenError.damaged) { _ = try JoinToken("weft1") }
        #expect(throws: JoinTokenError.damaged) { _ = try JoinToken(String(text.dropLast(3))) }
        #expect(throws: JoinTokenError.tooLong) { _ = try JoinToken("weft1" + String(repeating: "a", count: 4092)) }
        #expect(throws: JoinTokenError.tooLong) { _ = try JoinToken(String(repeating: " ", count: 1_000_000)) }
        var message = WireJoinTokenMessage()
        #expect(throws: JoinTokenError.missingSecret) { _ = try JoinToken(JoinToken.text(of: message.serializedBytes())) }
        message.secret = .init(secret().bytes)
        #expect(throws: JoinTokenError.badOverlay) { _ = try JoinToken(JoinToken.text(of: message.serializedBytes())) }
    }
}
