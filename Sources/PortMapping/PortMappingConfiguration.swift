/// How often and how long routers are asked.
package struct PortMappingConfiguration: Hashable, Sendable {
    /// Which protocols are spoken at all.
    package var ways = Set(MappingWay.allCases)
    /// For how long a mapping is asked for: what RFC 6886 section 3.3 recommends.
    package var lifetimeSeconds: UInt32 = 7200

    /// From the first packet to the second; each further pause is twice as long (RFC 6886 section 3.1). After the first one, NAT-PMP is taken
    /// if it has answered and PCP has not, and UPnP is tried if nobody has.
    package var firstPause = Duration.milliseconds(250)
    /// How often a packet is sent to a router of which it is not known whether it understands it,
    package var probes = 3
    /// and to one that has answered before.
    package var tries = 5
    /// How often a UPnP router is searched for,
    package var searches = 3
    /// with so long between: devices answer within a second, as they are told.
    package var searchPause = Duration.seconds(1)

    /// Half of a mapping's lifetime, but neither sooner nor later than these.
    package var minimumRenewal = Duration.seconds(30)
    package var maximumRenewal = Duration.seconds(3600)
    /// When nothing was had: the first pause, then four times as much again and again, up to the last one.
    package var minimumBackoff = Duration.seconds(30)
    package var maximumBackoff = Duration.seconds(3600)
    /// After a router has told that it forgot everything: the longest that is waited, for many hosts hear it at once.
    package var restartDelay = Duration.seconds(1)
    /// From the start of one round to another that somebody else asks for: a word that anybody on the network can forge must not make us
    /// send all the time.
    package var minimumRest = Duration.seconds(5)
    /// How long removing the mappings may take at the end.
    package var farewell = Duration.seconds(1)

    package init() {}
}

/// Bounds of what others can make us keep and do.
package enum PortMappingLimits {
    package static let routers = 4
    package static let ports = 8
    /// A PCP message (RFC 6887 section 7). Longer datagrams are not looked at.
    package static let datagramBytes = 1100
    /// An answer to a search for UPnP devices: headers in one datagram.
    package static let searchAnswerBytes = 2048
    /// The body of an answer of a UPnP device. Descriptions of real routers have up to 30 kB.
    package static let documentBytes = 128 << 10
    /// Elements within elements of such a document. Real descriptions have 9.
    package static let documentDepth = 32
    /// The text of one element, and the length of a URL.
    package static let textBytes = 1024
    /// Places where one router says that its description is.
    package static let locations = 4
    /// Connections to the world of one UPnP router.
    package static let services = 4
    /// External ports that are tried with a UPnP router, as long as it says that others have them.
    package static let portCandidates = 5
    /// Steps of one round with a UPnP router, retries included.
    package static let requests = 64
    /// The longest lifetime that is believed, in seconds: a week. Whatever is longer is renewed sooner anyway.
    package static let lifetimeSeconds: UInt32 = 604_800
}
