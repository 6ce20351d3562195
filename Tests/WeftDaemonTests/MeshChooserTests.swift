import IPAddresses
import Mesh
import Testing

@testable import WeftDaemon

/// Which mesh a node is in: every way to say it, with and without one that is stored.
@Suite struct MeshChooserTests {
    private func choose(
        _ settings: DaemonSettings, stored: JoinToken? = nil, routed: [IPPrefix] = []
    ) throws(DaemonError) -> MeshChooser.Choice {
        guard let fresh = MeshSecret(bytes: [UInt8](repeating: 99, count: 32)) else { throw .internalFault("no secret") }
        return try MeshChooser(settings: settings, stored: stored, freshSecret: fresh).choose(routed: routed)
    }

    // MARK: Nothing said

    @Test func aFirstNodeMakesAMesh() throws {
        let choice = try choose(settings())
        #expect(choice.isNew && choice.forgetsMembers)
        #expect(try choice.token.secret == secret(99))
        let expected = try secret(99).defaultOverlay(avoiding: [])
        #expect(choice.token.overlay == expected)
        #expect(choice.token.bootstrap.isEmpty)
    }

    @Test func aNewMeshAvoidsWhatIsRouted() throws {
        let first = try #require(try choose(settings()).token.overlay.ipv4)
        let choice = try choose(settings(), routed: [first])
        #expect(choice.token.overlay.ipv4.map { !$0.overlaps(first) } == true)
    }

    @Test func aNewMeshTakesTheRangeThatIsSet() throws {
        let range = try overlay("10.99.0.0/16")
        #expect(try choose(settings { $0.overlay = range }).token.overlay == range)
    }

    @Test func withAllRangesRoutedThereIsNoMesh() throws {
        let routed = [try prefix("10.0.0.0/8"), try prefix("fd00::/8")]
        #expect(throws: DaemonError.noFreeOverlay) { try choose(settings(), routed: routed) }
        #expect(try choose(settings { $0.overlay = try overlay("100.64.0.0/16") }, routed: routed).isNew)
    }

    @Test func aHostAloneIsNotEnough() throws {
        let host = try #require(JoinHost("host-b", defaultPort: 10042))
        #expect(throws: DaemonError.joinWithoutSecret) { try choose(settings { $0.joinHosts = [host] }) }
    }

    @Test func aStoredMeshIsResumed() throws {
        let stored = try token(1)
        let choice = try choose(settings(), stored: stored)
        #expect(choice.token == stored && !choice.isNew && !choice.forgetsMembers)
    }

    @Test func aStoredMeshIsResumedWithAHostToJoinBy() throws {
        let host = try #require(JoinHost("host-b", defaultPort: 10042))
        #expect(try choose(settings { $0.joinHosts = [host] }, stored: token(1)).token == token(1))
    }

    @Test func aStoredMeshTakesTheRangeThatIsSet() throws {
        let range = try overlay("10.99.0.0/16")
        let choice = try choose(settings { $0.overlay = range }, stored: token(1))
        #expect(try choice.token.overlay == range && choice.token.secret == secret(1))
        #expect(try choice.token.bootstrap == token(1).bootstrap)
    }

    // MARK: A token

    @Test func aTokenIsJoined() throws {
        let given = try token(2)
        let choice = try choose(settings { $0.mesh = .token(given) })
        #expect(choice.token == given && !choice.isNew && choice.forgetsMembers)
    }

    @Test func aTokenOfTheStoredMeshIsTakenAndMembersStay() throws {
        let given = JoinToken(secret: try secret(1), overlay: try overlay("10.7.0.0/16"), bootstrap: [])
        let choice = try choose(settings { $0.mesh = .token(given) }, stored: token(1))
        #expect(choice.token == given && !choice.forgetsMembers)
    }

    @Test func aTokenOfAnotherMeshIsRefused() throws {
        let (one, two) = (try secret(1).fingerprint, try secret(2).fingerprint)
        let given = try token(2)
        #expect(throws: DaemonError.otherMesh(stored: one, given: two)) {
            try choose(settings { $0.mesh = .token(given) }, stored: token(1))
        }
    }

    @Test func aTokenOfAnotherMeshIsTakenWhenStartingOver() throws {
        let given = try token(2)
        let startOver = try settings { ($0.mesh, $0.startsOver) = (.token(given), true) }
        let choice = try choose(startOver, stored: token(1))
        #expect(choice.token == given && choice.forgetsMembers)
    }

    @Test func aTokenWithTheSameRangeIsFine() throws {
        let given = try token(2)
        #expect(try choose(settings { ($0.mesh, $0.overlay) = (.token(given), given.overlay) }).token == given)
    }

    @Test func aTokenWithAnotherRangeIsRefused() throws {
        let given = try token(2)
        let range = try overlay("10.99.0.0/16")
        #expect(throws: DaemonError.overlayDiffers(token: "10.7.0.0/16", setting: "10.99.0.0/16")) {
            try choose(settings { ($0.mesh, $0.overlay) = (.token(given), range) })
        }
    }

    // MARK: A secret

    @Test func aSecretSaysTheRangeToo() throws {
        let given = try secret(2)
        let choice = try choose(settings { $0.mesh = .secret(given) })
        #expect(choice.token.secret == given && !choice.isNew && choice.forgetsMembers)
        #expect(choice.token.overlay == given.defaultOverlay(attempt: 0))
    }

    @Test func aSecretWithARange() throws {
        let given = try secret(2)
        let range = try overlay("10.99.0.0/16")
        #expect(try choose(settings { ($0.mesh, $0.overlay) = (.secret(given), range) }).token.overlay == range)
    }

    @Test func theStoredMeshsSecretKeepsItsRangeAndMembers() throws {
        let given = try secret(1)
        let choice = try choose(settings { $0.mesh = .secret(given) }, stored: token(1))
        #expect(try choice.token == token(1) && !choice.forgetsMembers)
    }

    @Test func aSecretOfAnotherMeshIsRefused() throws {
        let given = try secret(2)
        #expect(throws: DaemonError.self) { try choose(settings { $0.mesh = .secret(given) }, stored: token(1)) }
        #expect(try choose(settings { ($0.mesh, $0.startsOver) = (.secret(given), true) }, stored: token(1)).token.secret == given)
    }

    // MARK: Whatever is chosen

    @Test func anOverlayThatIsRoutedIsRefused() throws {
        let given = try token(2)
        let range = try prefix("10.7.0.0/16")
        let route = try prefix("10.7.3.0/24")
        for settings in [try settings { $0.mesh = .token(given) }, try settings { $0.overlay = given.overlay }] {
            #expect(throws: DaemonError.overlayOverlapsRoute(range: range, route: route)) { try choose(settings, routed: [route]) }
        }
        #expect(throws: DaemonError.overlayOverlapsRoute(range: range, route: route)) {
            try choose(settings(), stored: given, routed: [route])
        }
    }

    @Test func startingOverMakesANewMesh() throws {
        let choice = try choose(settings { $0.startsOver = true }, stored: token(1))
        #expect(try choice.isNew && choice.forgetsMembers && choice.token.secret == secret(99))
    }
}
