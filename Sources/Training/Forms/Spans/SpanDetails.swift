import Files
import Tasks

/// Each question with its true answers and the predicted one.
package struct SpanDetails: EvaluatedRows {
    private let answers: SpanAnswers
    private let scores: [AnswerScores.Score]
    private let examples: [Example]

    package init(_ predicted: SplitPredictions) {
        guard let answers = predicted.answers as? SpanAnswers else { preconditionFailure("answers of another form") }
        self.answers = answers
        scores = AnswerScores(for: answers).scores
        examples = predicted.scored.map { predicted.examples[$0] }
    }

    /// By F1, lowest first.
    package var worstFirst: [Int] {
        scores.indices.map { (scores[$0].f1, $0) }.sorted { $0 < $1 }.map { $0.1 }
    }

    package func line(_ place: Int) -> Int { examples[place].line }

    package let tellsTruncation = false
    package let mistakeMeasure = "F1"
    package let mistakeOrder = "Lowest F1 first"

    package func mistake(_ place: Int, number: (Double?) -> String) -> Mistake? {
        func shown(_ text: String) -> String { text.isEmpty ? "(no answer)" : text }
        return scores[place].f1 == 1
            ? nil
            : Mistake(
                gold: shown(answers.gold[place].first ?? ""), predicted: shown(answers.predicted[place]),
                measure: scores[place].f1, text: examples[place].text)
    }

    package let columns = ["gold", "answer", "exact_match", "qa_f1", "question", "context"]

    package func cells(_ place: Int) -> [String] {
        [
            JSONText.list(answers.gold[place]), answers.predicted[place], JSONText.number(scores[place].exact),
            JSONText.number(scores[place].f1), examples[place].text, examples[place].pair ?? "",
        ]
    }

    package func json(_ place: Int) -> String {
        "\"gold\":\(JSONText.list(answers.gold[place])),\"answer\":\(JSONText.quoted(answers.predicted[place]))"
            + ",\"exact_match\":\(JSONText.number(scores[place].exact)),\"qa_f1\":\(JSONText.number(scores[place].f1))"
            + ",\"question\":\(JSONText.quoted(examples[place].text))"
            + ",\"context\":\(JSONText.quoted(examples[place].pair ?? ""))"
    }
}
