/// Scores of single relations of dependency trees.
package enum RelationScores {
    /// Precision, recall and F1 of each relation without its subtype, sorted by name: an arc is right if its head is, too.
    /// - Parameter known: the head's labels
    package static func of(_ answers: TreeAnswers, known: [String]) -> [ClassScore] {
        func name(_ label: String) -> String { String(decoding: TreeCounts.universal(label), as: UTF8.self) }
        var counts: [String: PartCounts] = [:]
        for (predicted, gold) in zip(answers.predicted.joined(), answers.gold.joined()) {
            let (p, g) = (name(predicted.label), name(gold.label))
            counts[p, default: PartCounts()].predicted += 1
            counts[g, default: PartCounts()].gold += 1
            if p == g, predicted.head == gold.head { counts[g, default: PartCounts()].right += 1 }
        }
        return counts.scores(known: Set(known.map(name)))
    }
}
