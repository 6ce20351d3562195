import ArgumentParser
import Settings

/// The flags that every command has: which node it is for, several may run on one machine; and the settings file, which may say so too.
struct NodeFlags: ParsableArguments {
    @Option(.interface) var interface: String?
    @Option(.socket) var socket: String?

    @Option(
        help: ArgumentHelp("Settings file. Also from WEFT_CONFIG. (default: \(Setting.standardFile), if it is there)", valueName: "file"))
    var config: String?

    var texts: [Setting: [String]] { [.interface: one(interface), .socket: one(socket)] }
}

/// The flags of the settings of a running node.
struct SettingFlags: ParsableArguments {
    @Option(.join) var join: [String] = []
    @Option(.clusterKey) var clusterKey: String?
    @Flag(.startOver) var startsOver = false
    @Option(.name) var name: String?
    @Option(.bindAddress) var bindAddress: String?
    @Option(.bindInterface) var bindInterface: String?
    @Option(.advertiseAddress) var advertiseAddress: [String] = []
    @Option(.clusterPort) var clusterPort: String?
    @Option(.wireguardPort) var wireguardPort: String?
    @Option(.overlayNet) var overlayNet: [String] = []
    @Option(.stateDirectory) var stateDirectory: String?
    @Option(.user) var user: String?
    @Option(.wireguard) var wireguard: String?
    @Option(.persistentKeepalive) var persistentKeepalive: String?
    @Flag(.ephemeral) var ephemeral: Bool?
    @Flag(opposite: .noEtcHosts) var etcHosts: Bool?
    @Option(.hostsFile) var hostsFile: String?
    @Option(.dns) var dns: String?
    @Option(.dnsPort) var dnsPort: String?
    @Flag(opposite: .noMDNS) var mdns: Bool?
    @Flag(opposite: .noPortMapping) var portMapping: Bool?
    @Option(.metricsAddress) var metricsAddress: String?
    @Option(.webAddress) var webAddress: String?
    @Option(.logLevel) var logLevel: String?
    @Option(.logFormat) var logFormat: String?

    var texts: [Setting: [String]] {
        [
            .join: join, .clusterKey: one(clusterKey), .startOver: startsOver ? ["true"] : [], .name: one(name),
            .bindAddress: one(bindAddress), .bindInterface: one(bindInterface), .advertiseAddress: advertiseAddress,
            .clusterPort: one(clusterPort), .wireguardPort: one(wireguardPort), .overlayNet: overlayNet,
            .stateDirectory: one(stateDirectory), .user: one(user), .wireguard: one(wireguard),
            .persistentKeepalive: one(persistentKeepalive),
            .ephemeral: one(ephemeral), .noEtcHosts: one(etcHosts.map { !$0 }), .hostsFile: one(hostsFile), .dns: one(dns),
            .dnsPort: one(dnsPort), .noMDNS: one(mdns.map { !$0 }), .noPortMapping: one(portMapping.map { !$0 }),
            .metricsAddress: one(metricsAddress), .webAddress: one(webAddress),
            .logLevel: one(logLevel),
            .logFormat: one(logFormat),
        ]
    }
}

private func one(_ text: String?) -> [String] { text.map { [$0] } ?? [] }
private func one(_ value: Bool?) -> [String] { value.map { ["\($0)"] } ?? [] }

extension Setting {
    fileprivate var names: NameSpecification {
        NameSpecification([.customLong(key)] + formerFlags.map { .customLong($0) })
    }

    fileprivate var argumentHelp: ArgumentHelp {
        let text = "\(help) Also from \(variable). (default: \(standard))"
        return switch kind {
        case .text(let value), .list(let value): ArgumentHelp("\(text)", valueName: value)
        case .toggle: ArgumentHelp("\(text)")
        }
    }
}

extension Option where Value == String? {
    init(_ setting: Setting) {
        self.init(name: setting.names, help: setting.argumentHelp)
    }
}

extension Option where Value == [String] {
    fileprivate init(wrappedValue: [String], _ setting: Setting) {
        self.init(wrappedValue: wrappedValue, name: setting.names, help: setting.argumentHelp)
    }
}

extension Flag where Value == Bool {
    fileprivate init(wrappedValue: Bool, _ setting: Setting) {
        self.init(wrappedValue: wrappedValue, name: setting.names, help: setting.argumentHelp)
    }
}

extension Flag where Value == Bool? {
    /// With `--no-…` beside it, so that a flag can take back what variable or file says.
    fileprivate init(_ setting: Setting) {
        self.init(name: setting.names, inversion: .prefixedNo, help: setting.argumentHelp)
    }

    /// Of a setting that is called `no-…`: with what it takes back beside it.
    fileprivate init(opposite setting: Setting) {
        self.init(name: .customLong(String(setting.key.dropFirst(3))), inversion: .prefixedNo, help: setting.argumentHelp)
    }
}
