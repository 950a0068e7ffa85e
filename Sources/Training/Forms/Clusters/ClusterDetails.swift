import Files
import Tasks

/// Precision, recall and F1 of each metric, and each document with its true and predicted clusters.
package struct ClusterDetails: EvaluatedRows {
    package let groups: ScoreGroups?
    private let answers: ClusterAnswers
    private let examples: [Example]
    /// By place: the CoNLL F1 of the document alone; 1 where nothing is to be found and nothing is.
    private let scores: [Double]

    package init(_ predicted: SplitPredictions) {
        guard let answers = predicted.answers as? ClusterAnswers else { preconditionFailure("answers of another form") }
        self.answers = answers
        examples = predicted.scored.map { predicted.examples[$0] }
        scores = zip(ClusterCounts(for: answers).examples, zip(answers.predicted, answers.gold)).map { sums, clusters in
            clusters.0 == clusters.1 ? 1 : sums.conll.isNaN ? 0 : sums.conll
        }
        groups = ScoreGroups(field: "per_measure", noun: "measure", scores: ClusterScores.of(answers))
    }

    /// By CoNLL F1, lowest first.
    package var worstFirst: [Int] { scores.indices.map { (scores[$0], $0) }.sorted { $0 < $1 }.map { $0.1 } }

    package func line(_ place: Int) -> Int { examples[place].line }

    package let tellsTruncation = false
    package let mistakeMeasure = "CoNLL F1"
    package let mistakeOrder = "Lowest CoNLL F1 first"

    package func mistake(_ place: Int, number: (Double?) -> String) -> Mistake? {
        guard scores[place] < 1 else { return nil }
        let words = examples[place].words
        return Mistake(
            gold: ClusterText.shown(answers.gold[place], of: words),
            predicted: ClusterText.shown(answers.predicted[place], of: words), measure: scores[place],
            text: examples[place].text)
    }

    package let columns = ["gold_clusters", "clusters", "texts", "conll_f1", "tokens"]

    package func cells(_ place: Int) -> [String] {
        let words = examples[place].words
        return [
            ClusterText.places(answers.gold[place]), ClusterText.places(answers.predicted[place]),
            ClusterText.texts(answers.predicted[place], of: words), JSONText.number(scores[place]),
            JSONText.list(words),
        ]
    }

    package func json(_ place: Int) -> String {
        zip(columns, cells(place)).map { "\"\($0)\":\($1)" }.joined(separator: ",")
    }
}
