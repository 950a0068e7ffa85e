/// Scores of single entity types or tags.
package enum TagScores {
    /// Precision, recall and F1 of each entity type, sorted by name; as seqeval's `classification_report`.
    /// - Parameter known: the head's tags
    package static func ofEntities(_ answers: TagAnswers, known: [String]) -> [ClassScore] {
        var counts: [String: PartCounts] = [:]
        var (predictedReader, goldReader) = (EntityReader(), EntityReader())
        for (predicted, gold) in zip(answers.predicted, answers.gold) {
            let found = predictedReader.entities(predicted)
            let real = Set(goldReader.entities(gold))
            for entity in found {
                counts[entity.type, default: PartCounts()].predicted += 1
                if real.contains(entity) { counts[entity.type, default: PartCounts()].right += 1 }
            }
            for entity in real { counts[entity.type, default: PartCounts()].gold += 1 }
        }
        var reader = EntityReader()
        let types = Set(known.flatMap { reader.entities([$0]) }.map(\.type))
        return counts.scores(known: types)
    }

    /// Precision, recall and F1 of each tag, sorted by name.
    package static func ofTags(_ answers: TagAnswers, known: [String]) -> [ClassScore] {
        var counts: [String: PartCounts] = [:]
        for (predicted, gold) in zip(answers.predicted, answers.gold) {
            for (p, g) in zip(predicted, gold) {
                counts[p, default: PartCounts()].predicted += 1
                counts[g, default: PartCounts()].gold += 1
                if p == g { counts[g, default: PartCounts()].right += 1 }
            }
        }
        return counts.scores(known: Set(known))
    }
}
