/// Packets from some machines to some others that are lost.
package struct Cut: Sendable {
    /// By machine: on which side it is.
    let isInside: [Bool]
    /// Only what goes from the inside to the outside is lost.
    let isOneWay: Bool

    func blocks(from source: Int, to destination: Int) -> Bool {
        guard isInside[source] != isInside[destination] else { return false }
        return isInside[source] || !isOneWay
    }
}
