/// The type of a family, as the exposition names it.
enum FamilyKind: String {
    case counter
    case gauge
    case summary

    /// What the name of such a family has to end in, https://prometheus.io/docs/practices/naming/; with it, it is the name that is shown.
    func name(_ text: String, unit: String = "") -> String {
        var name = ExpositionText.name(text)
        let endings = [unit, self == .counter ? "_total" : ""]
        for ending in endings where !name.hasSuffix(ending) { name += ending }
        return name
    }
}

/// All series of one name, by their labels as they are written.
struct Family {
    let kind: FamilyKind
    var series: [String: any Series] = [:]
}
