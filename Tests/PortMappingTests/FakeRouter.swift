import IPAddresses
import Timeline

@testable import PortMapping

/// A router in memory that speaks what it is told to, and answers at once.
struct FakeRouter {
    var speaksPCP: Bool
    var speaksNATPMP: Bool
    var speaksUPnP = true
    /// It answers a PCP request as a router does that knows NAT-PMP alone (RFC 6887 appendix A).
    var refusesPCPVersion = false
    var pcpRefusal: UInt8?
    var hasNoLeases = false
    /// External ports that somebody else has.
    var taken: Set<UInt16>
    var external: IPAddress
    var startedAt = Instant.origin
    var lifetime: UInt32 = 7200

    struct Entry: Hashable {
        let way: MappingWay
        let local: LocalPort
        var lifetime: UInt32
    }

    /// By external port and transport.
    private(set) var table: [LocalPort: Entry] = [:]
    private(set) var datagrams = 0
    private(set) var searches = 0
    private(set) var requests: [String] = []
    private var nonces: [LocalPort: [UInt8]] = [:]

    init(
        speaksPCP: Bool = true, speaksNATPMP: Bool = true, taken: Set<UInt16> = [], external: IPAddress = address("5.5.5.7")
    ) {
        self.speaksPCP = speaksPCP
        self.speaksNATPMP = speaksNATPMP
        self.taken = taken
        self.external = external
    }

    mutating func forgetEverything(at now: Instant) {
        table = [:]
        nonces = [:]
        startedAt = now
    }

    mutating func answer(_ action: PortMappingAction, now: Instant) -> [PortMappingInput] {
        switch action {
        case .send(let bytes, let router):
            datagrams += 1
            return (bytes[0] == 0 ? natPMPAnswer(bytes, now) : pcpAnswer(bytes, now)).map { [.datagram($0, from: router)] } ?? []
        case .search(_, _, let router):
            searches += 1
            let text = "HTTP/1.1 200 OK\r\nLOCATION: http://\(router.address):5000/d.xml\r\n\r\n"
            return speaksUPnP ? [.searchAnswer(bytes(text), from: router.address, for: router)] : []
        case .request(let id, let request, let router): return [.answered(id, speaksUPnP ? answer(request) : nil, from: router)]
        case .endSearch, .close, .changed, .note, .stopped: return []
        }
    }

    private func epoch(_ now: Instant) -> [UInt8] {
        big(UInt32(clamping: startedAt.duration(to: now).wholeSeconds))
    }

    private func big(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    /// The port itself, or the next one that is free.
    private func free(_ wanted: UInt16, _ entry: Entry) -> UInt16 {
        var port = wanted
        while taken.contains(port) || LocalPort(entry.local.transport, port).flatMap({ table[$0] }).map({ $0.local != entry.local }) == true
        {
            port += 1
        }
        return port
    }

    private mutating func map(_ entry: Entry, at wanted: UInt16) -> UInt16 {
        table = table.filter { $0.value.local != entry.local }
        guard entry.lifetime > 0 else { return 0 }
        let port = free(wanted, entry)
        table[LocalPort(entry.local.transport, port) ?? entry.local] = entry
        return port
    }

    private mutating func natPMPAnswer(_ bytes: [UInt8], _ now: Instant) -> [UInt8]? {
        guard speaksNATPMP else { return nil }
        if bytes[1] == 0 { return [0, 128, 0, 0] + epoch(now) + external.bytes }
        let number = UInt16(bytes[4]) << 8 | UInt16(bytes[5])
        let suggested = UInt16(bytes[6]) << 8 | UInt16(bytes[7])
        let isRemoval = bytes[8...].allSatisfy { $0 == 0 }
        guard let local = LocalPort(bytes[1] == 1 ? .udp : .tcp, number) else { return nil }
        let port = map(Entry(way: .natPMP, local: local, lifetime: isRemoval ? 0 : lifetime), at: suggested)
        return [0, 128 + bytes[1], 0, 0] + epoch(now) + big(number) + big(port) + big(isRemoval ? 0 : lifetime)
    }

    private mutating func pcpAnswer(_ bytes: [UInt8], _ now: Instant) -> [UInt8]? {
        if refusesPCPVersion { return [0, 129, 0, 1] + epoch(now) }
        guard speaksPCP, let transport = TransportProtocol(rawValue: bytes[36]),
            let local = LocalPort(transport, UInt16(bytes[40]) << 8 | UInt16(bytes[41]))
        else { return nil }
        let nonce = Array(bytes[24..<36])
        let isForeign = nonces[local].map { $0 != nonce } ?? false
        if let code = pcpRefusal ?? (isForeign ? 2 : nil) {
            return [2, 129, 0, code] + big(UInt32(30)) + epoch(now) + [UInt8](repeating: 0, count: 12) + bytes[24...]
        }
        let isRemoval = bytes[4..<8].allSatisfy { $0 == 0 }
        nonces[local] = isRemoval ? nil : nonce
        let suggested = UInt16(bytes[42]) << 8 | UInt16(bytes[43])
        let port = map(Entry(way: .pcp, local: local, lifetime: isRemoval ? 0 : lifetime), at: suggested)
        return [2, 129, 0, 0] + big(isRemoval ? 0 : lifetime) + epoch(now) + [UInt8](repeating: 0, count: 12) + bytes[24..<42]
            + big(port) + [UInt8](repeating: 0, count: 10) + [0xff, 0xff] + external.bytes
    }

    private mutating func answer(_ request: HTTPRequest) -> HTTPAnswer {
        guard request.method == .post else {
            requests.append("description")
            let service = (type: "urn:schemas-upnp-org:service:WANIPConnection:1", control: "/ctl")
            return HTTPAnswer(status: 200, body: UPnPMessageTests.description(services: [service]))
        }
        let texts = (try? readTexts(request.body)) ?? [:]
        let transport: TransportProtocol = texts["NewProtocol"] == "UDP" ? .udp : .tcp
        let outer = texts["NewExternalPort"].flatMap { UInt16($0) }.flatMap { LocalPort(transport, $0) }
        if request.body.contains("GetExternalIPAddress") {
            requests.append("address")
            return HTTPAnswer(status: 200, body: bytes("<r><NewExternalIPAddress>\(external)</NewExternalIPAddress></r>"))
        }
        if request.body.contains("DeletePortMapping") {
            requests.append("delete")
            if let outer { table[outer] = nil }
            return HTTPAnswer(status: 200, body: bytes("<r/>"))
        }
        requests.append("add")
        let lease = texts["NewLeaseDuration"].flatMap { UInt32($0) } ?? 0
        guard let outer, let local = texts["NewInternalPort"].flatMap({ UInt16($0) }).flatMap({ LocalPort(transport, $0) }) else {
            return fault(402)
        }
        if hasNoLeases, lease > 0 { return fault(725) }
        if taken.contains(outer.number) || table[outer].map({ $0.local != local }) == true { return fault(718) }
        table[outer] = Entry(way: .upnp, local: local, lifetime: lease)
        return HTTPAnswer(status: 200, body: bytes("<r/>"))
    }

    private func fault(_ code: Int) -> HTTPAnswer {
        HTTPAnswer(status: 500, body: bytes("<s><detail><UPnPError><errorCode>\(code)</errorCode></UPnPError></detail></s>"))
    }

    private func readTexts(_ body: String) throws -> [String: String] {
        var reader = try XMLReader(bytes(body))
        var name = ""
        var texts: [String: String] = [:]
        while let token = try reader.next() {
            if case .start(let started) = token { name = started }
            if case .text(let text) = token { texts[name] = text }
        }
        return texts
    }
}
