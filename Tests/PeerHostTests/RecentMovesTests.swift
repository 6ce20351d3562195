import IPAddresses
import Multiformats
import PeerHost
import Testing
import Timeline

@Suite struct RecentMovesTests {
    @Test func whoComesBackAtOnceIsTwo() throws {
        let (here, there) = (try #require(IPAddress("192.0.2.1")), try #require(IPAddress("192.0.2.2")))
        let (one, other) = (
            try Identity(seed: [UInt8](repeating: 1, count: 32)).peerID, try Identity(seed: [UInt8](repeating: 2, count: 32)).peerID
        )
        var moves = RecentMoves(memory: .seconds(10))
        #expect(!moves.isBack(one, at: here, now: .origin))
        moves.note(one, leaving: here, now: .origin)
        #expect(moves.isBack(one, at: here, now: .origin + .seconds(9)))
        #expect(!moves.isBack(one, at: there, now: .origin + .seconds(9)) && !moves.isBack(other, at: here, now: .origin + .seconds(9)))
        #expect(!moves.isBack(one, at: here, now: .origin + .seconds(10)), "it went there and came back")
    }
}
