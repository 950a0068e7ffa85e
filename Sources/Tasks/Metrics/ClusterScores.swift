/// Precision, recall and F1 of each metric of coreference.
package enum ClusterScores {
    /// MUC, B³, both CEAF, and the mentions by themselves. For each, `support` and `predicted` are the mentions, or for CEAF by
    /// entities the clusters.
    package static func of(_ answers: ClusterAnswers) -> [ClassScore] {
        var counts = ClusterCounts(for: answers)
        for i in 0..<answers.count { counts.add(i, of: answers, times: 1) }
        let sums = counts.sum
        return [
            ("MUC", sums.muc), ("B³", sums.bCubed), ("CEAF-e", sums.ceafEntities), ("CEAF-m", sums.ceafMentions),
            ("mentions", sums.mentions),
        ].map { name, own in
            let count = name == "CEAF-e" ? own : sums.mentions
            return ClassScore(
                label: name, precision: own.precision, recall: own.recall, f1: own.f1.isNaN ? 0 : own.f1,
                support: Int(count.gold), predicted: Int(count.predicted), isKnown: true)
        }
    }
}
