/// What happens in a node and is counted.
package enum NodeEvent: Hashable, Sendable {
    /// A dial of ours ended.
    case dial(DialResult)
    /// A peering connection stands, whoever began it.
    case peerConnection
    /// A record came that told something new of a member.
    case recordReceived(by: Way)
    /// A record was not believed.
    case recordRefused
    /// A step changed the kernel's network.
    case networkChange
    /// The network could not be made what it should be.
    case networkFailure
    /// Somebody else has what should be one node's alone.
    case clash(of: Claim)
    /// A line was logged.
    case logMessage(Severity)

    package enum DialResult: String, CaseIterable, Sendable {
        case connected
        case failed
    }

    package enum Way: String, CaseIterable, Sendable {
        case gossip
        case sync
    }

    package enum Claim: String, CaseIterable, Sendable {
        case address
        case name
        case identity
    }

    package enum Severity: String, CaseIterable, Sendable {
        case warning
        case error
    }
}

extension NodeEvent {
    /// Each that there is: a counter that stands at zero is one that can be seen to rise.
    static let all: [NodeEvent] =
        DialResult.allCases.map { .dial($0) } + [.peerConnection] + Way.allCases.map { .recordReceived(by: $0) }
        + [.recordRefused, .networkChange, .networkFailure] + Claim.allCases.map { .clash(of: $0) }
        + Severity.allCases.map { .logMessage($0) }

    /// Its counter's name and labels.
    var series: (name: String, labels: [(String, String)]) {
        switch self {
        case .dial(let result): ("weft_dials_total", [("result", result.rawValue)])
        case .peerConnection: ("weft_peer_connections_total", [])
        case .recordReceived(let way): ("weft_records_received_total", [("by", way.rawValue)])
        case .recordRefused: ("weft_records_refused_total", [])
        case .networkChange: ("weft_network_changes_total", [])
        case .networkFailure: ("weft_network_failures_total", [])
        case .clash(let claim): ("weft_clashes_total", [("of", claim.rawValue)])
        case .logMessage(let severity): ("weft_log_messages_total", [("level", severity.rawValue)])
        }
    }
}
