import FoundationEssentials
import Testing

@testable import LocalAPI

/// The JSON that users' scripts read: a change of a key breaks them.
@Suite struct MessageTests {
    private static let node = StatusReport.Node(
        name: "host-a", peerID: "12D3", interface: "weft0", wireguard: "kernel", addresses: ["10.1.0.1"], overlay: ["10.1.0.0/16"],
        mesh: "abcdefgh", peeringPort: 10042, wireguardPort: 10043, uptimeSeconds: 5, problems: ["none"], reachability: "public")
    private static let member = StatusReport.Member(
        name: "host-b", peerID: "12D4", addresses: ["10.1.0.2"], state: .connected, endpoint: "192.0.2.1:10042", lastHandshakeSecondsAgo: 3,
        receivedBytes: 1, sentBytes: 2, roundTripMillis: 0.5, software: "weft/0.1.0")

    private func json(_ value: some Encodable) throws -> String {
        String(decoding: try LocalJSON.encoder.encode(value), as: UTF8.self)
    }

    @Test func aRequestIsOneObject() throws {
        #expect(try json(LocalRequest(.status)) == #"{"command":"status","version":1}"#)
        #expect(try json(LocalRequest(.forget, name: "host-b")) == #"{"command":"forget","name":"host-b","version":1}"#)
    }

    @Test func aResponseHasWhatItHas() throws {
        #expect(try json(LocalResponse()) == #"{"version":1}"#)
        #expect(try json(LocalResponse(error: "a/b \"c\"")) == #"{"error":"a/b \"c\"","version":1}"#)
    }

    @Test func theStatusIsAsDocumented() throws {
        let node =
            #"{"addresses":["10.1.0.1"],"interface":"weft0","mesh":"abcdefgh","name":"host-a","overlay":["10.1.0.0/16"],"peer_id":"12D3","#
            + #""peering_port":10042,"problems":["none"],"reachability":"public","uptime_seconds":5,"wireguard":"kernel","wireguard_port":10043}"#
        let member =
            #"{"addresses":["10.1.0.2"],"endpoint":"192.0.2.1:10042","last_handshake_seconds_ago":3,"name":"host-b","peer_id":"12D4","#
            + #""received_bytes":1,"round_trip_millis":0.5,"sent_bytes":2,"software":"weft/0.1.0","state":"connected"}"#
        let report = StatusReport(node: Self.node, members: [Self.member])
        #expect(try json(report) == #"{"members":[\#(member)],"node":\#(node),"version":1}"#)
    }

    @Test func whatIsUnknownIsLeftOut() throws {
        let member = StatusReport.Member(name: "b", peerID: "p", addresses: [], state: .itself, software: "s")
        #expect(
            try json(member)
                == #"{"addresses":[],"name":"b","peer_id":"p","received_bytes":0,"sent_bytes":0,"software":"s","state":"self"}"#)
    }

    @Test func aReportComesBackAsItWas() throws {
        let response = LocalResponse(status: StatusReport(node: Self.node, members: [Self.member]))
        #expect(try JSONDecoder().decode(LocalResponse.self, from: try LocalJSON.encoder.encode(response)) == response)
    }

    @Test func everyStateHasItsWord() throws {
        let states: [StatusReport.Member.State] = [.itself, .connected, .known, .unreachable]
        #expect(states.map(\.rawValue) == ["self", "connected", "known", "unreachable"])
    }
}
