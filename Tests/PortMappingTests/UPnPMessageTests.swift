import IPAddresses
import PortMapping
import Testing
import WeftTestKit

@Suite struct UPnPMessageTests {
    private let router = address("192.168.1.1")

    private func url(_ text: String = "http://192.168.1.1:5000/rootDesc.xml") throws -> DeviceURL {
        try #require(DeviceURL(text, at: router))
    }

    // MARK: URLs

    @Test func urlsAtTheRouterAreTaken() throws {
        #expect(try url().socket == socket("192.168.1.1:5000"))
        #expect(try url().path == "/rootDesc.xml")
        #expect(try url("HTTP://192.168.1.1").socket == socket("192.168.1.1:80"))
        #expect(try url("http://192.168.1.1").path == "/")
        #expect(try url("http://192.168.1.1:80?x").path == "/?x")
        #expect(try url().resolving("/ctl/IPConn")?.path == "/ctl/IPConn")
        #expect(try url().resolving("ctl")?.path == "/ctl")
        #expect(try url().resolving("http://192.168.1.1:49152/ctl")?.socket == socket("192.168.1.1:49152"))
    }

    /// Who answers a search must not make us talk to somebody else, or say something of his.
    @Test(arguments: [
        "http://192.168.1.2:5000/", "https://192.168.1.1/", "http://router.local/", "http://192.168.1.1:0/", "http://192.168.1.1:70000/",
        "http://192.168.1.1:5000/a b", "http://192.168.1.1:5000/\r\nX: y", "http://u@192.168.1.1/", "ftp://192.168.1.1/", "", "/",
        "http://",
        "http://[::1]/", "http://192.168.1.1:/",
    ])
    func otherURLsAreNot(text: String) throws {
        #expect(DeviceURL(text, at: router) == nil)
        if text.contains("://") || text.isEmpty { #expect(try url().resolving(text) == nil) }
    }

    @Test func urlsHaveALimit() {
        let start = "http://192.168.1.1/"
        let fill = String(repeating: "a", count: PortMappingLimits.textBytes - start.utf8.count)
        #expect(DeviceURL(start + fill, at: router) != nil)
        #expect(DeviceURL(start + fill + "a", at: router) == nil)
    }

    // MARK: The search

    @Test func aSearchAnswerTellsWhereTheDescriptionIs() throws {
        let answer = bytes(
            "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nlocation:http://192.168.1.1:5000/rootDesc.xml \r\nST: upnp:rootdevice\r\n\r\n"
        )
        #expect(DeviceSearch.location(in: answer, router: router) == (try url()))
        #expect(DeviceSearch.location(in: answer, router: address("192.168.1.2")) == nil)
        #expect(DeviceSearch.location(in: bytes("NOTIFY * HTTP/1.1\r\nLOCATION: http://192.168.1.1:5000/\r\n\r\n"), router: router) == nil)
        #expect(DeviceSearch.location(in: bytes("HTTP/1.1 404 No\r\nLOCATION: http://192.168.1.1:5000/\r\n\r\n"), router: router) == nil)
        #expect(DeviceSearch.location(in: bytes("HTTP/1.1 200 OK\r\n\r\n"), router: router) == nil)
        let fill = [UInt8](repeating: 0x20, count: PortMappingLimits.searchAnswerBytes - answer.count)
        #expect(DeviceSearch.location(in: answer + fill, router: router) != nil)
        #expect(DeviceSearch.location(in: answer + fill + [0x20], router: router) == nil)
    }

    // MARK: Descriptions

    static func description(base: String = "", services: [(type: String, control: String)]) -> [UInt8] {
        let list = services.map { service in
            """
            <service><serviceType>\(service.type)</serviceType><serviceId>urn:upnp-org:serviceId:x</serviceId>\
            <controlURL>\(service.control)</controlURL><eventSubURL>/evt</eventSubURL><SCPDURL>/scpd.xml</SCPDURL></service>
            """
        }
        return bytes(
            """
            <?xml version="1.0"?>
            <!-- a router -->
            <root xmlns="urn:schemas-upnp-org:device-1-0" configId="1337"><specVersion><major>1</major><minor>1</minor></specVersion>\(base)
            <device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><friendlyName>A &amp; B</friendlyName>
            <serviceList><service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType>\
            <controlURL>/ctl/L3F</controlURL></service></serviceList>
            <deviceList><device><deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType>
            <deviceList><device><serviceList>\(list.joined(separator: "\n"))</serviceList></device></deviceList></device></deviceList>
            <presentationURL/></device></root>
            """)
    }

    private static let ipConnection = "urn:schemas-upnp-org:service:WANIPConnection:1"
    private static let pppConnection = "urn:schemas-upnp-org:service:WANPPPConnection:2"

    @Test func aDescriptionNamesItsConnections() throws {
        let document = Self.description(services: [(Self.pppConnection, "/ctl/PPP?a=1&amp;b=2"), (Self.ipConnection, "ctl/IPConn")])
        let connections = try DeviceDescription.connections(in: document, at: url())
        #expect(connections.map(\.type) == [Self.pppConnection, Self.ipConnection])
        #expect(connections.map(\.control.path) == ["/ctl/PPP?a=1&b=2", "/ctl/IPConn"])
        #expect(connections.allSatisfy { $0.control.socket == socket("192.168.1.1:5000") })
    }

    @Test func itsBaseCountsIfItIsAtTheRouter() throws {
        func control(_ base: String) throws -> SocketAddress? {
            let document = Self.description(base: "<URLBase>\(base)</URLBase>", services: [(Self.ipConnection, "/c")])
            return try DeviceDescription.connections(in: document, at: url()).first?.control.socket
        }
        #expect(try control("http://192.168.1.1:49152") == socket("192.168.1.1:49152"))
        #expect(try control("http://192.168.9.9:49152") == socket("192.168.1.1:5000"))
    }

    @Test(arguments: [
        ("urn:schemas-upnp-org:service:WANIPConnection:1", "http://10.9.9.9/c"), ("urn:schemas-upnp-org:service:WANIPConnection:", "/c"),
        ("urn:schemas-upnp-org:service:WANIPConnection:1&quot;&gt;", "/c"), ("urn:other:service:WANIPConnection:1", "/c"),
        ("urn:schemas-upnp-org:service:WANIPConnection:1", "/c&#13;&#10;x y"), ("urn:schemas-upnp-org:service:WANIPConnection:999", "/c"),
    ])
    func aConnectionElsewhereOrOfAnotherKindIsNone(type: String, control: String) throws {
        #expect(try DeviceDescription.connections(in: Self.description(services: [(type, control)]), at: url()).isEmpty)
    }

    @Test func itHasOnlySoManyConnections() throws {
        let document = Self.description(services: (0..<10).map { (Self.ipConnection, "/\($0)") })
        #expect(try DeviceDescription.connections(in: document, at: url()).count == PortMappingLimits.services)
    }

    // MARK: SOAP

    private func connection() throws -> WANConnection {
        try #require(try DeviceDescription.connections(in: Self.description(services: [(Self.ipConnection, "/c")]), at: url()).first)
    }

    @Test func aRequestIsAsInTheStandard() throws {
        let action = ConnectionAction.addPortMapping(
            try tcp(10042), external: 443, own: address("192.168.1.7"), leaseSeconds: 7200, description: "weft a<b 10042")
        let request = action.request(to: try connection())
        #expect(request.method == .post)
        #expect(request.headers.map(\.name) == ["Content-Type", "SOAPAction"])
        #expect(request.headers.last?.value == "\"urn:schemas-upnp-org:service:WANIPConnection:1#AddPortMapping\"")
        #expect(
            request.body.contains(
                """
                <s:Body><u:AddPortMapping xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1"><NewRemoteHost></NewRemoteHost>\
                <NewExternalPort>443</NewExternalPort><NewProtocol>TCP</NewProtocol><NewInternalPort>10042</NewInternalPort>\
                <NewInternalClient>192.168.1.7</NewInternalClient><NewEnabled>1</NewEnabled>\
                <NewPortMappingDescription>weft a&lt;b 10042</NewPortMappingDescription><NewLeaseDuration>7200</NewLeaseDuration>\
                </u:AddPortMapping></s:Body>
                """))
    }

    @Test func answersAreRead() {
        let done = """
            <?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
            <u:GetExternalIPAddressResponse xmlns:u="x"><NewExternalIPAddress>5.5.5.7</NewExternalIPAddress>
            </u:GetExternalIPAddressResponse></s:Body></s:Envelope>\0
            """
        #expect(ConnectionAction.outcome(of: HTTPAnswer(status: 200, body: bytes(done))) == .done(["NewExternalIPAddress": "5.5.5.7"]))
        let fault = """
            <s:Envelope><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail><UPnPError>
            <errorCode>718</errorCode><errorDescription>ConflictInMappingEntry</errorDescription></UPnPError></detail></s:Fault></s:Body>
            </s:Envelope>
            """
        #expect(ConnectionAction.outcome(of: HTTPAnswer(status: 500, body: bytes(fault))) == .refused(718))
        #expect(ConnectionAction.outcome(of: HTTPAnswer(status: 404, body: [])) == .notUnderstood(status: 404))
        #expect(ConnectionAction.outcome(of: HTTPAnswer(status: 200, body: bytes("<a"))) == .notUnderstood(status: 200))
    }
}
