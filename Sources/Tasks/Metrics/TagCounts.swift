/// How many words have the right tag, and how many entities were predicted, are true, and are both.
package struct TagCounts: Statistics, Equatable {
    /// Counts that add up.
    package struct Counts: Equatable, Sendable {
        package var words = 0
        package var rightWords = 0
        package var predictedEntities = 0
        package var goldEntities = 0
        /// Predicted entities that are true ones: the same type, first word and last word.
        package var rightEntities = 0

        static func += (sum: inout Counts, part: (counts: Counts, times: Int)) {
            sum.words += part.counts.words * part.times
            sum.rightWords += part.counts.rightWords * part.times
            sum.predictedEntities += part.counts.predictedEntities * part.times
            sum.goldEntities += part.counts.goldEntities * part.times
            sum.rightEntities += part.counts.rightEntities * part.times
        }
    }

    package private(set) var sum = Counts()
    private let examples: [Counts]

    package init(for answers: TagAnswers) {
        // One reader for all examples, since seqeval reads a corpus as one sequence with "O" between the examples
        var (predictedReader, goldReader) = (EntityReader(), EntityReader())
        examples = zip(answers.predicted, answers.gold).map { predicted, gold in
            let (p, g) = (predictedReader.entities(predicted), Set(goldReader.entities(gold)))
            return Counts(
                words: gold.count, rightWords: zip(predicted, gold).count { $0 == $1 },
                predictedEntities: p.count, goldEntities: g.count, rightEntities: p.count { g.contains($0) })
        }
    }

    package mutating func add(_ example: Int, of answers: TagAnswers, times: Int) {
        sum += (examples[example], times)
    }

    package mutating func removeAll() { sum = Counts() }
}
