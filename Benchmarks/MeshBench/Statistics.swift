extension Collection<Double> {
    /// Of an even number, the mean of the two in the middle; 0 of none.
    var median: Double {
        guard !isEmpty else { return 0 }
        let ordered = sorted()
        return (ordered[(count - 1) / 2] + ordered[count / 2]) / 2
    }

    var mean: Double { isEmpty ? 0 : reduce(0, +) / Double(count) }
}
