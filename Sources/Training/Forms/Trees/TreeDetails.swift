import Files
import Tasks

/// Scores of relations, and each text with its true and predicted tree.
package struct TreeDetails: EvaluatedRows {
    /// Scores of relations without subtypes, as LAS counts them.
    package let groups: ScoreGroups?
    private let answers: TreeAnswers
    private let examples: [Example]
    /// By place: words whose arc is wrong.
    private let errors: [Int]

    package init(_ predicted: SplitPredictions) {
        guard let answers = predicted.answers as? TreeAnswers else { preconditionFailure("answers of another form") }
        self.answers = answers
        examples = predicted.scored.map { predicted.examples[$0] }
        let counts = TreeCounts(for: answers)
        errors = answers.gold.indices.map { counts.wrongArcs($0) }
        groups = ScoreGroups(
            field: "per_relation", noun: "relation", scores: RelationScores.of(answers, known: predicted.labels))
    }

    /// By the number of wrong words, largest first.
    package var worstFirst: [Int] { errors.indices.map { (-errors[$0], $0) }.sorted { $0 < $1 }.map { $0.1 } }

    package func line(_ place: Int) -> Int { examples[place].line }

    package let mistakeMeasure = "wrong words"
    package let mistakeOrder = "Most wrong words first"

    package func mistake(_ place: Int, number: (Double?) -> String) -> Mistake? {
        guard errors[place] > 0 else { return nil }
        func text(_ arcs: [Arc]) -> String { arcs.map { "\($0.head):\($0.label)" }.joined(separator: " ") }
        return Mistake(
            gold: text(answers.gold[place]), predicted: text(answers.predicted[place]),
            measure: Double(errors[place]), text: examples[place].text)
    }

    package let columns = ["gold_heads", "gold_deprels", "heads", "deprels", "errors", "tokens"]

    package func cells(_ place: Int) -> [String] {
        let (gold, predicted) = (answers.gold[place], answers.predicted[place])
        return [
            ArcText.heads(gold), ArcText.labels(gold), ArcText.heads(predicted), ArcText.labels(predicted),
            "\(errors[place])", JSONText.list(examples[place].words),
        ]
    }

    package func json(_ place: Int) -> String {
        zip(columns, cells(place)).map { "\"\($0)\":\($1)" }.joined(separator: ",")
    }
}
