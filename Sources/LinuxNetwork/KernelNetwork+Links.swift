import Glibc
import NetlinkCodec

extension KernelNetwork {
    /// `nil` if there is no interface of this name. Throws `invalid` for what can be no name.
    package func link(named name: String) throws(LinuxNetworkError) -> Link? {
        try Self.check(name, call: "look up interface")
        do throws(LinuxNetworkError) {
            let answer = try routePort.request(Link.getRequest(name: name), call: "look up interface", interface: name)
            return try decode(call: "look up interface", interface: name) { () throws(NetlinkCodecError) in
                for message in answer { if let link = try Link(message) { return link } }
                return nil
            }
        } catch let error where error.kind == .noSuchInterface {
            return nil
        }
    }

    package func links() throws(LinuxNetworkError) -> [Link] {
        try routePort.dump(Link.dumpRequest(), into: [], call: "list interfaces") { links, message throws(NetlinkCodecError) in
            if let link = try Link(message) { links.append(link) }
        }
    }

    /// Creates a WireGuard interface, which is down and has no address.
    ///
    /// Throws `nameTaken` with the kind of the interface that has the name, `notSupported` if this kernel has no WireGuard,
    /// `permissionDenied`, or `invalid` for what can be no name.
    package func createWireGuardLink(name: String) throws(LinuxNetworkError) -> Link {
        try createLink(name: name, kind: Link.wireGuardKind)
    }

    func createLink(name: String, kind: String) throws(LinuxNetworkError) -> Link {
        let call = "create \(kind) interface"
        try Self.check(name, call: call)
        do throws(LinuxNetworkError) {
            try routePort.request(Link.createRequest(name: name, kind: kind), call: call, interface: name)
        } catch let error where error.errno == EEXIST {
            var error = error
            error.kind = .nameTaken(owner: (try? link(named: name))?.kind)
            throw error
        }
        guard let link = try link(named: name) else { throw LinuxNetworkError(.noSuchInterface, call: call, interface: name) }
        return link
    }

    /// Nothing happens if it is gone already.
    package func deleteLink(_ index: InterfaceIndex) throws(LinuxNetworkError) {
        do throws(LinuxNetworkError) {
            try routePort.request(Link.deleteRequest(index), call: "delete interface", interface: "#\(index)")
        } catch let error where error.kind == .noSuchInterface {
            return
        }
    }

    package func setMTU(_ index: InterfaceIndex, to mtu: UInt32) throws(LinuxNetworkError) {
        try routePort.request(Link.setMTURequest(index, mtu: mtu), call: "set the MTU of interface", interface: "#\(index)")
    }

    package func setUp(_ index: InterfaceIndex, _ isUp: Bool = true) throws(LinuxNetworkError) {
        let call = isUp ? "bring up interface" : "take down interface"
        try routePort.request(Link.setUpRequest(index, isUp: isUp), call: call, interface: "#\(index)")
    }

    static func check(_ name: String, call: String) throws(LinuxNetworkError) {
        guard Link.isValidName(name) else {
            throw LinuxNetworkError(.invalid, call: call, kernelText: "a name has 1 to 15 letters, digits, '-', '_' or '.'")
        }
    }

    func decode<Result>(
        call: String, interface: String?, _ body: () throws(NetlinkCodecError) -> Result
    ) throws(LinuxNetworkError) -> Result {
        do throws(NetlinkCodecError) {
            return try body()
        } catch {
            throw LinuxNetworkError(.invalid, call: call, interface: interface, kernelText: "unreadable answer: \(error)")
        }
    }
}
