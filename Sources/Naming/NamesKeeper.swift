import DNSCodec
import Glibc
import IPAddresses

/// Tells the other programs of a machine the mesh's names: a block of the hosts file, and systemd-resolved. What root alone may do, in a
/// process of its own that does nothing else, and that ends, and takes everything back, when the node at the other end is gone.
package struct NamesKeeper {
    /// What a node may send at once: 60,000 hosts.
    static let maximumFrameBytes = 8 << 20
    /// How long others may have a former hosts file open before it is not watched any more, in looks of a second.
    static let maximumLooks = 60
    /// Different reasons that are told.
    static let maximumComplaints = 100

    private let hosts: HostsFile?
    private let resolver: ResolverRegistration?
    private let descriptor: CInt
    private var registered: (SocketAddress, [String])?
    private var complaints: Set<String> = []
    private var looksLeft = 0

    /// - Parameters:
    ///   - descriptor: a connected stream socket: states come in, complaints go out, a line each.
    ///   - hostsPath: `nil` to leave the hosts file alone.
    package init?(descriptor: CInt, interface: String, hostsPath: String?) {
        guard let domain = DNSName(labels: [Array("weft".utf8)]), let block = HostsBlock(interface: interface, domain: domain) else {
            return nil
        }
        self.descriptor = descriptor
        hosts = hostsPath.map { HostsFile(path: $0, block: block) }
        resolver = ResolverRegistration(interface: interface)
    }

    /// Works until the other end is closed, and takes back what it told. False if nothing came at all.
    package mutating func run() -> Bool {
        var hasHeard = false
        while let state = receive() {
            hasHeard = true
            apply(state)
        }
        takeBack()
        return hasHeard
    }

    package mutating func takeBack() {
        apply(NamesState(entries: []))
        if hosts?.isSettled == false { settle() }
    }

    private mutating func apply(_ state: NamesState) {
        do throws(HostsFileError) {
            _ = try hosts?.update(state.entries)
            looksLeft = Self.maximumLooks
        } catch {
            complain("\(error)")
        }
        let wanted = state.server.map { ($0, state.zones) }
        guard wanted?.0 != registered?.0 || wanted?.1 != registered?.1 else { return }
        registered = wanted
        do throws(ResolverRegistrationError) {
            if let wanted {
                let zones = wanted.1.compactMap { DNSName(labels: $0.split(separator: ".").map { Array($0.utf8) }) }
                _ = try resolver?.register(server: wanted.0, zones: zones)
            } else {
                _ = try resolver?.revert()
            }
        } catch {
            complain("\(error)")
        }
    }

    private mutating func settle() {
        looksLeft -= 1
        do throws(HostsFileError) { _ = try hosts?.settle() } catch { complain("\(error)") }
    }

    /// Each reason once.
    mutating func complain(_ text: String) {
        guard complaints.count < Self.maximumComplaints, complaints.insert(text).inserted else { return }
        let line = Array("\(text)\n".utf8)
        _ = send(descriptor, line, line.count, Int32(MSG_NOSIGNAL))
    }

    // MARK: What comes in

    /// The newest state that has come; `nil` at the end.
    private mutating func receive() -> NamesState? {
        waitWhileUnsettled()
        var newest: [UInt8]?
        repeat {
            guard let head = read(4) else { return nil }
            let count = head.reversed().reduce(0) { $0 << 8 | Int($1) }
            guard count <= Self.maximumFrameBytes, let frame = read(count) else { return nil }
            newest = frame
        } while hasInput(within: 0)
        return newest.map { NamesState(decoding: $0) }
    }

    private mutating func waitWhileUnsettled() {
        while looksLeft > 0, hosts?.isSettled == false, !hasInput(within: 1000) { settle() }
    }

    private func hasInput(within millis: CInt) -> Bool {
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, millis) > 0 && polled.revents & Int16(POLLIN) != 0
    }

    private func read(_ count: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(max(count, 1), 64 << 10))
        while bytes.count < count {
            let received = recv(descriptor, &chunk, min(chunk.count, count - bytes.count), 0)
            if received < 0, errno == EINTR { continue }
            guard received > 0 else { return nil }
            bytes += chunk[..<received]
        }
        return bytes
    }
}
