import IPAddresses

/// Whatever can happen to `PortMappingPlanner`.
package enum PortMappingInput: Sendable {
    /// The ports that shall be reachable, and by which routers; all that was wanted before is not any more.
    case want(ports: [LocalPort], routers: [Router])
    /// A datagram from the router's own address and port 5351.
    case datagram([UInt8], from: Router)
    /// Nothing listens on the router's port 5351 (ICMP says so), or there is no way to it.
    case unreachable(Router)
    /// An answer to a search; who sent it is checked here.
    case searchAnswer([UInt8], from: IPAddress, for: Router)
    /// A datagram to port 5350 of all hosts; who sent it is checked here.
    case announcement([UInt8], from: IPAddress, port: UInt16)
    /// What became of a request, for each of them once; `nil`: no answer that could be had in time and bounds.
    case answered(HTTPRequestID, HTTPAnswer?, from: Router)
    /// The network may be another: a link is up again, others say that they cannot reach us.
    case recheck
    case deadlineReached
    /// Removes all mappings.
    case stop
}

package struct HTTPRequestID: Hashable, Sendable {
    let number: UInt64
}

/// What `PortMappingPlanner` wants done.
package enum PortMappingAction: Sendable, Equatable {
    /// From our address to the router's port 5351, by a socket that hears nobody else.
    case send([UInt8], to: Router)
    /// From our address, by a socket that hears all answers, kept until `endSearch`.
    case search([UInt8], to: SocketAddress, for: Router)
    case endSearch(Router)
    case request(HTTPRequestID, HTTPRequest, to: Router)
    /// Nothing is wanted of the router any more: its sockets can be closed, and requests under way are of no interest.
    case close(Router)
    /// These mappings there are now, in the order of ports and routers.
    case changed([MappedPort])
    case note(PortMappingNote)
    /// The last action after `stop`.
    case stopped
}

/// What people may want to know. Each comes at most once for each round with a router, so it may be logged.
package enum PortMappingNote: Hashable, Sendable {
    /// The router has mapped what was asked for, by this protocol, for the first time or by another one than before.
    case mapped(Router, MappingWay)
    /// The router gave another external port than the one that was asked for.
    case anotherPort(MappedPort, asked: UInt16)
    /// The router's own external address is a private one: it is behind another router, or a provider's NAT.
    case notPublic(Router, external: IPAddress)
    /// The router answers, and refuses; in words of the protocol.
    case refused(Router, MappingWay, reason: String)
    /// No protocol had an answer. It is tried again later, ever more seldom.
    case noAnswer(Router)
    /// The router has forgotten its mappings: they are made anew.
    case restarted(Router)
    /// A mapping ran out and could not be renewed.
    case expired(MappedPort)
}
