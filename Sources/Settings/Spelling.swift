/// Which of the known words a mistyped one may have meant.
package enum Spelling {
    /// Longer words are not compared: the costs grow with the square.
    static let maximumLength = 64

    /// The nearest word, if no more than a third of the letters differ.
    package static func nearest(to word: String, among known: [String]) -> String? {
        let letters = Array(word.lowercased().utf8)
        guard letters.count <= maximumLength else { return nil }
        let best = known.map { (word: $0, distance: distance(letters, Array($0.utf8))) }.min { $0.distance < $1.distance }
        guard let best, best.distance <= max(1, letters.count / 3) else { return nil }
        return best.word
    }

    /// `(did you mean …?)`, or nothing.
    package static func hint(for word: String, among known: [String]) -> String {
        nearest(to: word, among: known).map { " (did you mean \($0)?)" } ?? ""
    }

    /// Letters to insert, take away or replace: Levenshtein's distance.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (index, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (column, other) in right.enumerated() {
                let replaced = diagonal + (letter == other ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
