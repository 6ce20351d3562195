extension PrometheusRegistry {
    /// All values in the text format 0.0.4, ordered by name and then by labels.
    package func render() -> String {
        // What is written is taken out first: nobody who counts waits for the text.
        let (families, droppedSeries) = contents.withLock { ($0.families, $0.droppedSeries) }
        var text = ""
        var hasDroppedSeries = false
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            if !hasDroppedSeries, name > Self.droppedSeriesName {
                appendDroppedSeries(droppedSeries, to: &text)
                hasDroppedSeries = true
            }
            appendHead(name, family.kind, to: &text)
            for (_, series) in family.series.sorted(by: { $0.key < $1.key }) { series.write(to: &text) }
        }
        if !hasDroppedSeries { appendDroppedSeries(droppedSeries, to: &text) }
        return text
    }

    private func appendDroppedSeries(_ count: UInt64, to text: inout String) {
        appendHead(Self.droppedSeriesName, .counter, to: &text)
        ExpositionText.appendSample(Self.droppedSeriesName, "", Double(count), to: &text)
    }

    private func appendHead(_ name: String, _ kind: FamilyKind, to text: inout String) {
        if let help = help[name] { text += "# HELP \(name) \(ExpositionText.help(help))\n" }
        text += "# TYPE \(name) \(kind.rawValue)\n"
    }
}
