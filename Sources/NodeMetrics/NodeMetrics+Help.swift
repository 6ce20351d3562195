extension NodeMetrics {
    /// A sentence for each metric, by its name.
    package static let help: [String: String] = [
        "weft_info": "What this node is; always 1.",
        "weft_uptime_seconds": "How long the node has been running.",
        "weft_members": "Members of the mesh beside this node, by how this node sees them.",
        "weft_problems": "Things that do not work now; weft status tells them in words.",
        "weft_member_reachable": "1 while the member is reachable, 0 when it was stopped or lost.",
        "weft_member_last_handshake_seconds": "Age of the last WireGuard handshake with the member.",
        "weft_member_received_bytes_total": "Bytes that WireGuard received from the member.",
        "weft_member_sent_bytes_total": "Bytes that WireGuard sent to the member.",
        "weft_member_round_trip_seconds": "Round trip on the peering connection to the member.",
        "weft_dials_total": "Dials of this node that ended, by result.",
        "weft_peer_connections_total": "Peering connections that came to stand, whoever began them.",
        "weft_records_received_total": "Records that told something new of a member, by the way they came.",
        "weft_records_refused_total": "Records that were not believed.",
        "weft_network_changes_total": "Steps that changed the kernel's network.",
        "weft_network_failures_total": "Times that the network could not be made what it should be.",
        "weft_clashes_total": "Times that somebody else had this node's address, name or identity.",
        "weft_log_messages_total": "Lines logged at these levels.",
        "process_resident_memory_bytes": "Memory of the process that is not swapped out.",
        "process_cpu_seconds_total": "Processor time of the process, user and system.",
        "process_open_fds": "Open file descriptors of the process.",
        "process_start_time_seconds": "When the process was started, in seconds since 1970.",
        "metrics_dropped_series_total": "Series that are not shown, for there are too many.",
    ]
}
