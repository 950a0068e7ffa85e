import Files
import Tasks

/// Classes and confusions of a split, and each text with its true and predicted class.
package struct ClassDetails: EvaluatedRows {
    package let examples: [Example]
    package let gold: GoldLabels
    private let classes: [ClassScore]
    private let matrix: ConfusionMatrix
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
        matrix = ConfusionMatrix(best, gold)
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

    package var groups: ScoreGroups? { ScoreGroups(field: "per_class", noun: "class", scores: classes) }
    package var confusion: ConfusionMatrix? { matrix }
    package let tellsTruncation = false
    package let mistakeMeasure = "probability"
    package let mistakeOrder = "Lowest probability of the true label first"

    package func mistake(_ place: Int, number: (Double?) -> String) -> Mistake? {
        isRight(place)
            ? nil
            : Mistake(
                gold: gold.names[gold(place)], predicted: gold.names[predicted(place)],
                measure: Double(goldProbability(place)), text: ExampleText.shown(example(place)))
    }

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
