/// What went wrong in the laboratory itself, or in what runs there, with all that is known about it.
package struct LaboratoryError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
