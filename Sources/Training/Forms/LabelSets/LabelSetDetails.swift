import Files
import Foundation
import Tasks

/// Scores of each label, and each text with its true and predicted labels.
package struct LabelSetDetails: EvaluatedRows {
    private let examples: [Example]
    private let answers: LabelSetAnswers
    private let probabilities: [[Float]]
    /// The head's labels, then the unknown ones.
    private let names: [String]
    private let known: Int
    private let labels: [ClassScore]

    package init(_ predicted: SplitPredictions) {
        guard let answers = predicted.answers as? LabelSetAnswers else {
            preconditionFailure("answers of another form")
        }
        let gold = GoldLabelSets(predicted.examples, names: predicted.labels)
        self.answers = answers
        names = gold.names
        known = gold.known
        examples = predicted.scored.map { predicted.examples[$0] }
        probabilities = predicted.scored.map {
            if case .labelSet(_, let probabilities) = predicted.predictions[$0] { probabilities } else { [] }
        }
        labels = ClassScore.all(ClassCounts(of: answers), names: gold.names, known: gold.known)
    }

    private func words(_ set: [Int]) -> [String] { set.map { names[$0] } }

    /// How many labels are missing or too many.
    package func errors(_ place: Int) -> Int {
        Set(answers.gold[place]).symmetricDifference(answers.predicted[place]).count
    }

    /// The logarithm of the probability of the true set, with each label by itself; −∞ if it has an unknown label.
    private func certainty(_ place: Int) -> Double {
        let gold = answers.gold[place]
        guard gold.last.map({ $0 < known }) ?? true else { return -.infinity }
        return probabilities[place].enumerated().reduce(0.0) { sum, label in
            sum + log(Double(gold.contains(label.offset) ? label.element : 1 - label.element))
        }
    }

    /// By the number of wrong labels, largest first; of equal ones the least probable true set first.
    package var worstFirst: [Int] {
        examples.indices.map { (-errors($0), certainty($0), $0) }.sorted { $0 < $1 }.map { $0.2 }
    }

    package func line(_ place: Int) -> Int { examples[place].line }

    package var groups: ScoreGroups? { ScoreGroups(field: "per_label", noun: "label", scores: labels) }
    package let tellsTruncation = false
    package let mistakeMeasure = "wrong labels"
    package let mistakeOrder = "Most wrong labels first"

    package func mistake(_ place: Int, number: (Double?) -> String) -> Mistake? {
        func text(_ set: [Int]) -> String { set.isEmpty ? "none" : words(set).joined(separator: ", ") }
        let errors = errors(place)
        return errors == 0
            ? nil
            : Mistake(
                gold: text(answers.gold[place]), predicted: text(answers.predicted[place]), measure: Double(errors),
                text: ExampleText.shown(examples[place]))
    }

    private var hasPairs: Bool { examples.contains { $0.pair != nil } }

    package var columns: [String] {
        ["gold", "labels", "errors"] + ExampleText.names(hasPairs: hasPairs)
            + names.prefix(known).map { "probability_\($0)" }
    }

    package func cells(_ place: Int) -> [String] {
        [
            JSONText.list(words(answers.gold[place])), JSONText.list(words(answers.predicted[place])),
            "\(errors(place))",
        ] + ExampleText.cells(examples[place], hasPairs: hasPairs) + probabilities[place].map { JSONText.number($0) }
    }

    package func json(_ place: Int) -> String {
        "\"gold\":\(JSONText.list(words(answers.gold[place])))"
            + ",\"labels\":\(JSONText.list(words(answers.predicted[place]))),\"errors\":\(errors(place))"
            + ",\(ExampleText.json(examples[place], hasPairs: hasPairs))"
            + ",\"probabilities\":\(LabelSetForm.json(names.prefix(known), probabilities[place]))"
    }
}
