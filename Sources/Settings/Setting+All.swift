extension Setting {
    /// The file that is read if nothing else is said, and may be missing.
    package static let standardFile = "/etc/weft/weft.yaml"

    package static let join = Setting(
        "join", .list(value: "token|host"),
        "A join token, or a member's host[:port] (then with cluster-key). A token holds the mesh's secret: in a variable or a file other users cannot see it.",
        standard: "nobody: the stored mesh, else a new one", example: "weft1…", isSecret: true, isInherited: true,
        formerFlags: ["joinaddrs"])
    package static let clusterKey = Setting(
        "cluster-key", .text(value: "base64"), "The mesh's secret: 32 bytes in base64. In a variable or a file other users cannot see it.",
        standard: "the token's, else the stored one, else a new one", example: "44 characters", isSecret: true, isInherited: true,
        formerFlags: ["clusterkey"])
    package static let startOver = Setting(
        "init", .toggle, "Start over: forget the stored identity, mesh and members. On a terminal it asks first.", standard: "no",
        example: "true", isInherited: true, isForTheMoment: true)
    package static let name = Setting(
        "name", .text(value: "name"), "This node's name: 1 to 63 of a-z, 0-9 and hyphens.", standard: "the host's name", example: "host-a")
    package static let interface = Setting(
        "interface", .text(value: "interface"), "The node's network interface. Several nodes on one machine have one each.",
        standard: "weft0", example: "weft0", isInherited: true)
    package static let socket = Setting(
        "socket", .text(value: "path"), "The node's control socket.", standard: "/run/weft/<interface>.sock",
        example: "/run/weft/weft0.sock")
    package static let stateDirectory = Setting(
        "state-dir", .text(value: "folder"), "Where the node keeps its identity and what it knows.",
        standard: "/var/lib/weft/<interface>", example: "/var/lib/weft/weft0")
    package static let user = Setting(
        "user", .text(value: "name|number"), "Whom the node becomes when root starts it; it keeps CAP_NET_ADMIN and nothing else.",
        standard: "the account weft, or if there is none the number 62042", example: "weft")
    package static let bindAddress = Setting(
        "bind-addr", .text(value: "address"), "Listen for peers on this address alone.", standard: "all addresses",
        example: "192.0.2.1", isInherited: true)
    package static let bindInterface = Setting(
        "bind-iface", .text(value: "interface"), "Listen for peers on the addresses of this interface alone.",
        standard: "all interfaces", example: "eth0", isInherited: true)
    package static let advertiseAddress = Setting(
        "advertise-addr", .list(value: "address"), "An address to tell others beside the machine's own: where a router forwards to it.",
        standard: "none", example: "198.51.100.1", moment: .reload)
    package static let clusterPort = Setting(
        "cluster-port", .text(value: "port"), "TCP port for peers.", standard: "10042", example: "10042", isInherited: true)
    package static let wireguardPort = Setting(
        "wireguard-port", .text(value: "port"), "UDP port of WireGuard.", standard: "10042", example: "10042", isInherited: true)
    package static let overlayNet = Setting(
        "overlay-net", .list(value: "cidr"), "Overlay range, at most one of IPv4 and one of IPv6.",
        standard: "the token's, else derived from the secret", example: "10.5.0.0/16", isInherited: true)
    package static let wireguard = Setting(
        "wireguard", .text(value: "who"), "Who implements WireGuard: auto, kernel, wireguard-go, boringtun.",
        standard: "auto: the kernel where it can, else an installed program", example: "auto")
    package static let persistentKeepalive = Setting(
        "persistent-keepalive", .text(value: "seconds"), "Keep mappings of a NAT router open by a packet every so many seconds; 0 is off.",
        standard: "0", example: "25", moment: .reload)
    package static let ephemeral = Setting(
        "ephemeral", .toggle, "A short lease: when this node dies, it is forgotten after minutes instead of days.", standard: "no",
        example: "true")
    package static let noEtcHosts = Setting(
        "no-etc-hosts", .toggle, "Keep the members' names out of the hosts file; --etc-hosts writes them.",
        standard: "no: they are written",
        example: "true", isInherited: true)
    package static let hostsFile = Setting(
        "hosts-file", .text(value: "path"), "The hosts file that the members' names are written to.", standard: "/etc/hosts",
        example: "/etc/hosts")
    package static let dns = Setting(
        "dns", .text(value: "when"),
        "Answer DNS questions for NAME.weft at this node's overlay addresses, and tell systemd-resolved: on, off, or auto.",
        standard: "auto: where systemd-resolved runs", example: "on")
    package static let dnsPort = Setting(
        "dns-port", .text(value: "port"), "Port of the DNS answers, UDP and TCP.", standard: "10053", example: "10053")
    package static let noMDNS = Setting(
        "no-mdns", .toggle, "Do not look for members on the same network by multicast DNS, and do not answer; --mdns does.",
        standard: "no: they are found", example: "true")
    package static let noPortMapping = Setting(
        "no-port-mapping", .toggle, "Do not ask the local router to forward the node's ports (PCP, NAT-PMP, UPnP); --port-mapping does.",
        standard: "no: it is asked", example: "true")
    package static let metricsAddress = Setting(
        "metrics-addr", .text(value: "address:port"),
        "Serve metrics for Prometheus there, at /metrics. They tell members' names: take an overlay address, or a loopback one.",
        standard: "off", example: "127.0.0.1:10090")
    package static let webAddress = Setting(
        "web-addr", .text(value: "address:port"),
        "Serve a page there that shows the mesh. A loopback address: it is for this machine alone.",
        standard: "off", example: "127.0.0.1:10088")
    package static let logLevel = Setting(
        "log-level", .text(value: "level"), "trace, debug, info, notice, warning, error or critical.", standard: "info",
        example: "info", moment: .reload, isInherited: true)
    package static let logFormat = Setting(
        "log-format", .text(value: "format"), "text, journal (levels as systemd's journal wants them) or json (an object on a line).",
        standard: "journal where systemd's journal reads it, else text", example: "json")

    /// In the order in which help, example and reference show them.
    package static let all = [
        join, clusterKey, startOver, name, interface, socket, stateDirectory, user, bindAddress, bindInterface, advertiseAddress,
        clusterPort,
        wireguardPort, overlayNet, wireguard, persistentKeepalive, ephemeral, noEtcHosts, hostsFile, dns, dnsPort, noMDNS, noPortMapping,
        metricsAddress, webAddress, logLevel, logFormat,
    ]

    package static func named(_ key: String) -> Setting? { all.first { $0.key == key } }
}
