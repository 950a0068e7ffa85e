/// What the metrics of coreference count, over documents.
package struct ClusterCounts: Statistics, Equatable {
    /// Sums that add up.
    package struct Sums: Equatable, Sendable {
        package var muc = ClusterSums()
        package var bCubed = ClusterSums()
        package var ceafEntities = ClusterSums()
        package var ceafMentions = ClusterSums()
        package var mentions = ClusterSums()

        static func += (sum: inout Sums, part: (sums: Sums, times: Int)) {
            sum.muc += (part.sums.muc, part.times)
            sum.bCubed += (part.sums.bCubed, part.times)
            sum.ceafEntities += (part.sums.ceafEntities, part.times)
            sum.ceafMentions += (part.sums.ceafMentions, part.times)
            sum.mentions += (part.sums.mentions, part.times)
        }

        /// The mean F1 of MUC, B³ and CEAF by entities; NaN where one is undefined.
        package var conll: Double { (muc.f1 + bCubed.f1 + ceafEntities.f1) / 3 }
    }

    package private(set) var sum = Sums()
    /// Of each document.
    package let examples: [Sums]

    package init(for answers: ClusterAnswers) {
        examples = zip(answers.predicted, answers.gold).map { predicted, gold in
            let overlap = ClusterOverlap(predicted: predicted, gold: gold)
            return Sums(
                muc: overlap.muc, bCubed: overlap.bCubed, ceafEntities: overlap.ceafEntities,
                ceafMentions: overlap.ceafMentions, mentions: overlap.mentions)
        }
    }

    package mutating func add(_ example: Int, of answers: ClusterAnswers, times: Int) {
        sum += (examples[example], times)
    }

    package mutating func removeAll() { sum = Sums() }
}
