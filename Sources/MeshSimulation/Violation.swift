import Timeline

/// A promise that was broken.
package struct Violation: Sendable {
    package enum Promise: String, Sendable {
        case agreement = "after the last fault all live nodes agree and know all live nodes"
        case uniqueAddresses = "no two live nodes hold one address for long while they are connected"
        case membersStay = "no live member's record is lost"
        case ownWord = "a node's own record is its own word alone, with rising numbers"
        case quietRest = "traffic at rest stays under its budget"
        case progress = "no deadline stays in the past, no input leads to actions without bound"
    }

    package let promise: Promise
    package let time: Instant
    package let details: String
}

extension Violation: CustomStringConvertible {
    package var description: String { "\(promise.rawValue): at \(time.inSeconds): \(details)" }
}
