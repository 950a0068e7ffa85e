import Files
import Tasks

/// Each text with its hidden tokens and those predicted for them.
package struct TokenDetails: EvaluatedRows {
    private let answers: TokenAnswers
    private let examples: [Example]
    private let name: @Sendable (Int) -> String

    /// - Parameter name: a token by its id.
    package init(_ predicted: SplitPredictions, name: @escaping @Sendable (Int) -> String) {
        guard let answers = predicted.answers as? TokenAnswers else { preconditionFailure("answers of another form") }
        self.answers = answers
        self.name = name
        examples = predicted.scored.map { predicted.examples[$0] }
    }

    /// The mean of −log of the hidden tokens' probabilities.
    private func loss(_ place: Int) -> Double { answers.losses[place] / Double(max(1, answers.gold[place].count)) }

    private func gold(_ place: Int) -> [String] { answers.gold[place].map(name) }
    private func predicted(_ place: Int) -> [String] { answers.predicted[place].map(name) }

    package var worstFirst: [Int] {
        examples.indices.map { (-loss($0), $0) }.sorted { $0 < $1 }.map { $0.1 }
    }

    package func line(_ place: Int) -> Int { examples[place].line }

    package let mistakeMeasure = "mean loss"
    package let mistakeOrder = "Largest mean loss of hidden tokens first"

    package func mistake(_ place: Int, number: (Double?) -> String) -> Mistake? {
        answers.gold[place] == answers.predicted[place]
            ? nil
            : Mistake(
                gold: gold(place).joined(separator: " "), predicted: predicted(place).joined(separator: " "),
                measure: loss(place), text: examples[place].text)
    }

    package let columns = ["gold", "tokens", "loss", "text"]

    package func cells(_ place: Int) -> [String] {
        [
            JSONText.list(gold(place)), JSONText.list(predicted(place)), JSONText.number(loss(place)),
            examples[place].text,
        ]
    }

    package func json(_ place: Int) -> String {
        "\"gold\":\(JSONText.list(gold(place))),\"tokens\":\(JSONText.list(predicted(place)))"
            + ",\"loss\":\(JSONText.number(loss(place))),\"text\":\(JSONText.quoted(examples[place].text))"
    }
}
