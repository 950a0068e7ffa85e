import Files
import Tasks

/// Each text with its true and predicted numbers.
package struct NumberDetails: EvaluatedRows {
    private let answers: NumberAnswers
    private let examples: [Example]

    package init(_ predicted: SplitPredictions, _ answers: NumberAnswers) {
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

/// One or several numbers in files.
enum NumberText {
    /// `score`, or `score_1`, `score_2`, ….
    static func names(_ name: String, _ outputs: Int) -> [String] {
        outputs == 1 ? [name] : (0..<outputs).map { "\(name)_\($0 + 1)" }
    }

    /// A number, or a list of several; null for a missing one.
    static func json(_ values: [Double?]) -> String { list(values.map { $0.map { JSONText.number($0) } ?? "null" }) }

    /// The same for predictions, which are float32: with as few digits as they need.
    static func json(_ values: [Float]) -> String { list(values.map { JSONText.number($0) }) }

    static func cells(_ values: [Float]) -> [String] { values.map { JSONText.number($0) } }

    private static func list(_ texts: [String]) -> String {
        texts.count == 1 ? texts[0] : "[\(texts.joined(separator: ","))]"
    }
}
