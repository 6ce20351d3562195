import IPAddresses

/// A network interface whose neighbours are reached without a router.
package struct LocalLink: Hashable, Sendable {
    /// The kernel's number for it.
    package let index: Int32
    /// Own addresses and the networks they lie in.
    package let prefixes: [IPPrefix]

    package init(index: Int32, prefixes: [IPPrefix]) {
        self.index = index
        self.prefixes = prefixes
    }

    func isOnLink(_ address: IPAddress) -> Bool { prefixes.contains { $0.contains(address) } }
}
