import IPAddresses

extension Zone {
    /// What a zone says to a question: RFC 1034 section 4.3.2, for zones without delegations and aliases.
    enum Finding: Hashable {
        /// Not ours: REFUSED.
        case foreign
        /// NXDOMAIN, with the SOA of the zone `at`.
        case noSuchName(at: DNSName)
        /// The name is there. Of its data, what was asked for; none of it is NODATA, with the SOA of the zone `at`.
        case data([RecordData], at: DNSName)
    }

    func find(_ question: DNSQuestion) -> Finding {
        // No class but one; and nobody gets all at once.
        guard question.class == DNSQuestion.internetClass, question.type != .axfr, question.type != .ixfr else { return .foreign }
        if let labels = question.name.labels(below: domain) { return findHost(labels, question.type) }
        guard let place = reverse.place(of: question.name) else { return .foreign }
        guard place.exists else { return .noSuchName(at: place.zone) }
        let own = place.isTop ? ownData(of: place.zone) : []
        return .data(Self.select(question.type, from: own + place.owner.map { [.ptr($0)] }.orEmpty), at: place.zone)
    }

    private func findHost(_ labels: ArraySlice<[UInt8]>, _ type: RecordType) -> Finding {
        guard let label = labels.first else { return .data(Self.select(type, from: ownData(of: domain)), at: domain) }
        guard labels.count == 1, let addresses = hosts[label] else { return .noSuchName(at: domain) }
        return .data(Self.select(type, from: addresses.map(RecordData.address)), at: domain)
    }

    /// "Any" is answered by as little as there can be, so that nobody can make much of a short question (RFC 8482 section 4.2).
    private static func select(_ type: RecordType, from data: [RecordData]) -> [RecordData] {
        type == .any ? [.hinfo(cpu: "RFC8482", os: "")] : data.filter { $0.type == type }
    }

    /// What is at the top of a zone that is served locally (RFC 6303 section 3).
    private func ownData(of zone: DNSName) -> [RecordData] {
        [.soa(startOfAuthority(of: zone)), .ns(zone)]
    }

    private func startOfAuthority(of zone: DNSName) -> StartOfAuthority {
        StartOfAuthority(
            primaryServer: zone, mailbox: Self.nobody, serial: serial, refresh: 3600, retry: 1200, expire: 604_800,
            minimum: Self.negativeTimeToLive)
    }

    private static let nobody = DNSName(checked: ["nobody", "invalid"])
}

extension Zone {
    /// By what a query came, and so how long its answer may be.
    package enum Transport: Hashable, Sendable {
        case udp
        case tcp
    }

    /// The answer to a message; `nil` if there is to be none. It never fails, whatever the message.
    package func reply(to message: [UInt8], over transport: Transport) -> [UInt8]? {
        switch DNSRequest(message) {
        case .ignored: nil
        case .unanswerable(let header, let code): DNSResponse(query: header, code: code).encoded(atMost: DNSResponse.minimumUDPBytes)
        case .query(let query): response(to: query).encoded(atMost: Self.limit(for: query, transport))
        }
    }

    /// RFC 6891 section 6.2.3: less than 512 counts as 512.
    private static func limit(for query: DNSQuery, _ transport: Transport) -> Int {
        guard transport == .udp else { return DNSResponse.maximumTCPBytes }
        return min(max(Int(query.edns?.udpPayloadSize ?? 0), DNSResponse.minimumUDPBytes), DNSResponse.maximumUDPBytes)
    }

    package func response(to query: DNSQuery) -> DNSResponse {
        var response = DNSResponse(query: query.header, code: .noError)
        response.question = query.question
        response.edns = query.edns.map {
            DNSExtension(udpPayloadSize: UInt16(DNSResponse.maximumUDPBytes), version: 0, wantsDNSSEC: $0.wantsDNSSEC)
        }
        if query.edns.map({ $0.version > 0 }) ?? false {
            response.code = .badVersion
        } else {
            fill(&response, with: find(query.question), about: query.question.name)
        }
        return response
    }

    private func fill(_ response: inout DNSResponse, with finding: Finding, about name: DNSName) {
        response.isAuthoritative = finding != .foreign
        switch finding {
        case .foreign:
            response.code = .refused
        case .noSuchName(let zone):
            response.code = .nameError
            response.authority = [negative(zone)]
        case .data(let data, let zone):
            response.answers = data.map { DNSRecord(name: name, timeToLive: Self.timeToLive, data: $0) }
            if data.isEmpty { response.authority = [negative(zone)] }
        }
    }

    /// Its time to live is the least of both that RFC 2308 section 5 names.
    private func negative(_ zone: DNSName) -> DNSRecord {
        DNSRecord(name: zone, timeToLive: Self.negativeTimeToLive, data: .soa(startOfAuthority(of: zone)))
    }
}

extension Optional where Wrapped: RangeReplaceableCollection {
    fileprivate var orEmpty: Wrapped { self ?? Wrapped() }
}
