import IPAddresses
import Testing
import WeftTestKit

@testable import PortMapping

/// Routers that forget, and those who say so.
@Suite struct PlannerRestartTests {
    private func announcement(_ epoch: UInt32) -> [UInt8] {
        hex("02 80 0000 00000000") + withUnsafeBytes(of: epoch.bigEndian) { Array($0) } + [UInt8](repeating: 0, count: 12)
    }

    @Test func aRestartThatIsAnnouncedIsFollowed() throws {
        var rig = try rig()
        rig.want(try ports(), [try home()])
        rig.run(for: .seconds(100))
        rig.routers[try home()]?.forgetEverything(at: rig.now)
        rig.feed(.announcement(announcement(0), from: address("192.168.1.1"), port: 5351))
        rig.run(for: .seconds(2))
        #expect(rig.routers[try home()]?.table.count == 2)
        #expect(rig.notes.contains(.restarted(try home())))
        #expect(rig.mappings.count == 2)
    }

    /// A router that speaks all protocols announces itself by one of them.
    @Test(arguments: [MappingWay.natPMP, .upnp]) func anAnnouncementByAnotherProtocolCountsToo(way: MappingWay) throws {
        var configuration = PortMappingConfiguration()
        configuration.ways = [way]
        var rig = try rig(configuration)
        rig.want(try ports(), [try home()])
        rig.run(for: .seconds(100))
        rig.routers[try home()]?.forgetEverything(at: rig.now)
        rig.feed(.announcement(announcement(0), from: address("192.168.1.1"), port: 5351))
        rig.run(for: .seconds(2))
        #expect(rig.routers[try home()]?.table.count == 2)
    }

    @Test func anAnnouncementOfSomebodyElseIsNot() throws {
        var rig = try rig()
        rig.want(try ports(), [try home()])
        rig.run(for: .seconds(100))
        let datagrams = rig.routers[try home()]?.datagrams
        rig.feed(.announcement(announcement(0), from: address("192.168.1.66"), port: 5351))
        rig.feed(.announcement(announcement(0), from: address("192.168.1.1"), port: 5352))
        rig.feed(.announcement(announcement(1100), from: address("192.168.1.1"), port: 5351))
        rig.feed(.announcement(bytes("noise"), from: address("192.168.1.1"), port: 5351))
        rig.run(for: .seconds(100))
        #expect(rig.routers[try home()]?.datagrams == datagrams)
    }

    @Test func forgedAnnouncementsMakeUsAskSeldom() throws {
        var rig = try rig()
        rig.want(try ports(), [try home()])
        let before = rig.routers[try home()]?.datagrams ?? 0
        for _ in 0..<1000 {
            rig.feed(.announcement(announcement(UInt32.random(in: 0...9)), from: address("192.168.1.1"), port: 5351))
            rig.run(for: .milliseconds(100))
        }
        // Every five seconds, two packets.
        let sent = (rig.routers[try home()]?.datagrams ?? 0) - before
        #expect((30...42).contains(sent))
        #expect(rig.mappings.count == 2)
    }

    @Test func aChangedAddressThatIsAnnouncedIsFollowed() throws {
        var rig = try rig { $0.refusesPCPVersion = true }
        rig.want(try ports(), [try home()])
        rig.run(for: .seconds(100))
        rig.routers[try home()]?.external = address("5.5.5.8")
        rig.feed(.announcement(hex("00 80 0000 0000044c 05050508"), from: address("192.168.1.1"), port: 5351))
        rig.run(for: .seconds(6))
        #expect(rig.mappings.allSatisfy { $0.external.address == address("5.5.5.8") })
    }

    @Test func aRecheckFindsARouterThatForgot() throws {
        var rig = try rig { ($0.speaksPCP, $0.speaksNATPMP) = (false, false) }
        rig.want(try ports(), [try home()])
        rig.run(for: .seconds(60))
        rig.routers[try home()]?.forgetEverything(at: rig.now)
        rig.feed(.recheck)
        rig.run(for: .milliseconds(1))
        #expect(rig.routers[try home()]?.table.count == 2)
    }
}
