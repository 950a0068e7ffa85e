import Files
import Tasks

/// Classes and confusions of a split, and each text with its true and predicted class.
package struct ClassDetails: EvaluatedRows {
    package let examples: [Example]
    package let gold: GoldLabels
    package let classes: [ClassScore]
    package let confusion: ConfusionMatrix
    private let probabilities: [[Float]]
    private let scored: [Int]

    package init(_ predicted: SplitPredictions) {
        let gold = GoldLabels(predicted.examples, names: predicted.labels)
        let best = predicted.predictions.map(\.best)
        examples = predicted.examples
        self.gold = gold
        scored = gold.scored
        probabilities = predicted.predictions.map { if case .classes(let all) = $0 { all } else { [] } }
        classes = ClassScore.all(gold.answers(best), gold)
        confusion = ConfusionMatrix(best, gold)
    }

    /// True class of a scored example.
    package func gold(_ place: Int) -> Int { gold.classes[scored[place]] ?? 0 }

    package func predicted(_ place: Int) -> Int { Evaluator.best(probabilities[scored[place]]) }

    package func isRight(_ place: Int) -> Bool { gold(place) == predicted(place) }

    package func example(_ place: Int) -> Example { examples[scored[place]] }

    /// The probability of the true label; 0 if the head does not know it.
    package func goldProbability(_ place: Int) -> Float {
        let label = gold(place)
        return label < gold.known ? probabilities[scored[place]][label] : 0
    }

    /// By the true label's probability, lowest first.
    package var worstFirst: [Int] {
        scored.indices.map { (goldProbability($0), $0) }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map { $0.1 }
    }

    package func line(_ place: Int) -> Int { example(place).line }

    private var labels: ArraySlice<String> { gold.names.prefix(gold.known) }

    private var hasPairs: Bool { examples.contains { $0.pair != nil } }

    package var columns: [String] {
        ["gold", "label", "correct", "gold_probability"] + ExampleText.names(hasPairs: hasPairs)
            + labels.map { "probability_\($0)" }
    }

    package func cells(_ place: Int) -> [String] {
        [
            gold.names[gold(place)], gold.names[predicted(place)], "\(isRight(place))",
            JSONText.number(goldProbability(place)),
        ] + ExampleText.cells(example(place), hasPairs: hasPairs)
            + probabilities[scored[place]].map { JSONText.number($0) }
    }

    package func json(_ place: Int) -> String {
        let numbers = zip(labels, probabilities[scored[place]])
            .map { JSONText.quoted($0) + ":" + JSONText.number($1) }.joined(separator: ",")
        return "\"gold\":\(JSONText.quoted(gold.names[gold(place)]))"
            + ",\"label\":\(JSONText.quoted(gold.names[predicted(place)])),\"correct\":\(isRight(place))"
            + ",\"gold_probability\":\(JSONText.number(goldProbability(place)))"
            + ",\(ExampleText.json(example(place), hasPairs: hasPairs)),\"probabilities\":{\(numbers)}"
    }
}

/// The text or texts of an example in a file of predictions.
enum ExampleText {
    static func names(hasPairs: Bool) -> [String] { hasPairs ? ["text_a", "text_b"] : ["text"] }

    static func cells(_ example: Example, hasPairs: Bool) -> [String] {
        hasPairs ? [example.text, example.pair ?? ""] : [example.text]
    }

    static func json(_ example: Example, hasPairs: Bool) -> String {
        zip(names(hasPairs: hasPairs), cells(example, hasPairs: hasPairs))
            .map { "\"\($0)\":\(JSONText.quoted($1))" }.joined(separator: ",")
    }
}
