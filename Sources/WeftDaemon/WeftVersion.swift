package enum WeftVersion {
    package static let number = "0.1.0"
    /// How a node introduces itself to its peers.
    package static let agent = "weft/\(number)"
}
