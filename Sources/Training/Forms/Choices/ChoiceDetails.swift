import Files
import Tasks

/// Each question with its true and predicted choice.
package struct ChoiceDetails: EvaluatedRows {
    private let examples: [Example]
    private let answers: ChoiceAnswers
    private let probabilities: [[Float]]

    package init(_ predicted: SplitPredictions) {
        guard let answers = predicted.answers as? ChoiceAnswers else { preconditionFailure("answers of another form") }
        self.answers = answers
        examples = predicted.scored.map { predicted.examples[$0] }
        probabilities = predicted.scored.map {
            if case .choice(let probabilities) = predicted.predictions[$0] { probabilities } else { [] }
        }
    }

    private func goldProbability(_ place: Int) -> Float { probabilities[place][answers.gold[place]] }

    private func isRight(_ place: Int) -> Bool { answers.gold[place] == answers.predicted[place] }

    /// By the right choice's probability, lowest first.
    package var worstFirst: [Int] {
        examples.indices.map { (goldProbability($0), $0) }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map { $0.1 }
    }

    package func line(_ place: Int) -> Int { examples[place].line }

    package let mistakeMeasure = "probability"
    package let mistakeOrder = "Lowest probability of the right choice first"

    package func mistake(_ place: Int, number: (Double?) -> String) -> Mistake? {
        let choices = texts(place)
        return isRight(place)
            ? nil
            : Mistake(
                gold: choices[answers.gold[place]], predicted: choices[answers.predicted[place]],
                measure: Double(goldProbability(place)), text: examples[place].text)
    }

    private func texts(_ place: Int) -> [String] { examples[place].choices?.choices ?? [] }

    private var hasContexts: Bool { examples.contains { $0.choices?.context != nil } }

    package var columns: [String] {
        ["gold", "answer", "correct", "gold_probability", "question", "choices"] + (hasContexts ? ["context"] : [])
            + ["probabilities"]
    }

    package func cells(_ place: Int) -> [String] {
        [
            "\(answers.gold[place])", "\(answers.predicted[place])", "\(isRight(place))",
            JSONText.number(goldProbability(place)), examples[place].text, JSONText.list(texts(place)),
        ] + (hasContexts ? [examples[place].choices?.context ?? ""] : []) + [ChoiceForm.list(probabilities[place])]
    }

    package func json(_ place: Int) -> String {
        let context = examples[place].choices?.context.map { ",\"context\":\(JSONText.quoted($0))" } ?? ""
        return "\"gold\":\(answers.gold[place]),\"answer\":\(answers.predicted[place]),\"correct\":\(isRight(place))"
            + ",\"gold_probability\":\(JSONText.number(goldProbability(place)))"
            + ",\"question\":\(JSONText.quoted(examples[place].text)),\"choices\":\(JSONText.list(texts(place)))"
            + "\(context),\"probabilities\":\(ChoiceForm.list(probabilities[place]))"
    }
}
