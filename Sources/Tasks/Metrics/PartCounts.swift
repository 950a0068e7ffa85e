/// How many parts of one kind, such as entities of a type, were predicted, are true, and are both.
struct PartCounts {
    var predicted = 0
    var gold = 0
    var right = 0
}

extension [String: PartCounts] {
    /// Precision, recall and F1 of each name, sorted by name.
    /// - Parameter known: names that are listed even if they do not occur
    func scores(known: Set<String>) -> [ClassScore] {
        func share(_ part: Int, of whole: Int) -> Double { whole > 0 ? Double(part) / Double(whole) : 0 }
        return known.union(keys)
            .sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
            .map { name in
                let counts = self[name] ?? PartCounts()
                return ClassScore(
                    label: name, precision: share(counts.right, of: counts.predicted),
                    recall: share(counts.right, of: counts.gold),
                    f1: share(2 * counts.right, of: counts.predicted + counts.gold), support: counts.gold,
                    predicted: counts.predicted, isKnown: known.contains(name))
            }
    }
}
