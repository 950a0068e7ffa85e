import Files
import Tasks

/// Each text with its true and predicted numbers.
package struct NumberDetails: EvaluatedRows {
    private let answers: NumberAnswers
    private let examples: [Example]

    package init(_ predicted: SplitPredictions, lossUnits: String = NumberDetails.standardUnits) {
        self.lossUnits = lossUnits
        guard let answers = predicted.answers as? NumberAnswers else { preconditionFailure("answers of another form") }
        self.answers = answers
        examples = predicted.scored.map { predicted.examples[$0] }
    }

    package func example(_ place: Int) -> Example { examples[place] }
    package func gold(_ place: Int) -> [Double?] { answers.gold[place] }
    package func predicted(_ place: Int) -> [Double] { answers.predicted[place] }

    /// The mean over the outputs of the absolute errors.
    package func error(_ place: Int) -> Double {
        let errors = zip(gold(place), predicted(place)).compactMap { gold, predicted in
            gold.map { abs($0 - predicted) }
        }
        return errors.isEmpty ? 0 : errors.reduce(0, +) / Double(errors.count)
    }

    /// By the absolute error, largest first.
    package var worstFirst: [Int] {
        examples.indices.map { place in
            let error = error(place)
            return (error.isNaN ? -.infinity : -error, place)
        }.sorted { $0 < $1 }.map { $0.1 }
    }

    package func line(_ place: Int) -> Int { examples[place].line }

    package let mistakeMeasure = "error"
    package let mistakeOrder = "Largest absolute error first"
    package let lossUnits: String?

    /// Of a head that learned numbers with mean 0 and deviation 1.
    package static let standardUnits =
        "The loss is the mean squared error of numbers with mean 0 and deviation 1 in the training data, not in the data's "
        + "units."

    package func mistake(_ place: Int, number: (Double?) -> String) -> Mistake? {
        func text(_ values: [Double?]) -> String { values.map(number).joined(separator: ", ") }
        return Mistake(
            gold: text(gold(place)), predicted: text(predicted(place)), measure: error(place),
            text: ExampleText.shown(examples[place]))
    }

    private var hasPairs: Bool { examples.contains { $0.pair != nil } }

    package var columns: [String] {
        let outputs = answers.columns
        return NumberText.names("gold", outputs) + NumberText.names("score", outputs) + ["error"]
            + ExampleText.names(hasPairs: hasPairs)
    }

    package func cells(_ place: Int) -> [String] {
        gold(place).map { $0.map { JSONText.number($0) } ?? "" } + NumberText.cells(predicted(place).map { Float($0) })
            + [JSONText.number(error(place))] + ExampleText.cells(examples[place], hasPairs: hasPairs)
    }

    package func json(_ place: Int) -> String {
        "\"gold\":\(NumberText.json(gold(place))),\"score\":\(NumberText.json(predicted(place).map { Float($0) }))"
            + ",\"error\":\(JSONText.number(error(place))),\(ExampleText.json(examples[place], hasPairs: hasPairs))"
    }
}
