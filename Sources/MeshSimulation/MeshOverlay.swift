import IPAddresses
import Mesh

/// The address ranges of simulated meshes.
enum MeshOverlay {
    static let wide = ranges("10.0.0.0/8", "fd00:1:2:3::/64")
    static let ordinary = ranges("10.42.0.0/16", "fd00:1:2:3::/64")
    static let single = ranges("10.42.7.0/24")
    /// Room for six nodes.
    static let tiny = ranges("10.9.8.0/29")
    static let small = ranges("10.9.8.0/28")

    private static func ranges(_ texts: String...) -> OverlayRanges {
        guard let ranges = try? OverlayRanges(texts.compactMap { IPPrefix($0) }) else { preconditionFailure("these ranges are good") }
        return ranges
    }
}
