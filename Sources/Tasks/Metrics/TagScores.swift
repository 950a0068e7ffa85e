/// Scores of single entity types or tags.
package enum TagScores {
    /// Precision, recall and F1 of each entity type, sorted by name; as seqeval's `classification_report`.
    /// - Parameter known: the head's tags
    package static func ofEntities(_ answers: TagAnswers, known: [String]) -> [ClassScore] {
        var counts: [String: Counts] = [:]
        var (predictedReader, goldReader) = (EntityReader(), EntityReader())
        for (predicted, gold) in zip(answers.predicted, answers.gold) {
            let found = predictedReader.entities(predicted)
            let real = Set(goldReader.entities(gold))
            for entity in found {
                counts[entity.type, default: Counts()].predicted += 1
                if real.contains(entity) { counts[entity.type, default: Counts()].right += 1 }
            }
            for entity in real { counts[entity.type, default: Counts()].gold += 1 }
        }
        var reader = EntityReader()
        let types = Set(known.flatMap { reader.entities([$0]) }.map(\.type))
        return scores(counts, known: types)
    }

    /// Precision, recall and F1 of each tag, sorted by name.
    package static func ofTags(_ answers: TagAnswers, known: [String]) -> [ClassScore] {
        var counts: [String: Counts] = [:]
        for (predicted, gold) in zip(answers.predicted, answers.gold) {
            for (p, g) in zip(predicted, gold) {
                counts[p, default: Counts()].predicted += 1
                counts[g, default: Counts()].gold += 1
                if p == g { counts[g, default: Counts()].right += 1 }
            }
        }
        return scores(counts, known: Set(known))
    }

    private struct Counts {
        var predicted = 0
        var gold = 0
        var right = 0
    }

    private static func scores(_ counts: [String: Counts], known: Set<String>) -> [ClassScore] {
        func share(_ part: Int, of whole: Int) -> Double { whole > 0 ? Double(part) / Double(whole) : 0 }
        return known.union(counts.keys)
            .sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
            .map { name in
                let counts = counts[name] ?? Counts()
                return ClassScore(
                    label: name, precision: share(counts.right, of: counts.predicted),
                    recall: share(counts.right, of: counts.gold),
                    f1: share(2 * counts.right, of: counts.predicted + counts.gold), support: counts.gold,
                    predicted: counts.predicted, isKnown: known.contains(name))
            }
    }
}
