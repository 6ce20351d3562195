/// The kernel's number of a network interface (`ifindex`), from 1. It is not used again while the machine runs, its name may be.
package struct InterfaceIndex: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: Int32

    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    package var description: String { String(rawValue) }
}
