import IPAddresses
import WireGuard

/// What the operating system says of our interface, and of nothing else.
package struct ObservedNetwork: Hashable, Sendable {
    package struct Link: Hashable, Sendable {
        package var mtu: Int
        package var isUp: Bool

        package init(mtu: Int, isUp: Bool) {
            self.mtu = mtu
            self.isUp = isUp
        }
    }

    package struct Route: Hashable, Sendable {
        package var destination: IPPrefix
        /// Made by the kernel along with an address (`proto kernel`); it comes and goes by itself.
        package var isKernelMade: Bool

        package init(_ destination: IPPrefix, isKernelMade: Bool = false) {
            self.destination = destination
            self.isKernelMade = isKernelMade
        }
    }

    /// `nil` if there is no such interface; then nothing else counts.
    package var link: Link?
    /// Of the interface, with their prefix lengths.
    package var addresses: Set<IPPrefix>
    /// Of the main table, to the interface.
    package var routes: Set<Route>
    /// `nil` if the device cannot be read; it is then set up anew.
    package var device: DeviceState?

    package init(link: Link? = nil, addresses: Set<IPPrefix> = [], routes: Set<Route> = [], device: DeviceState? = nil) {
        self.link = link
        self.addresses = addresses
        self.routes = routes
        self.device = device
    }
}
