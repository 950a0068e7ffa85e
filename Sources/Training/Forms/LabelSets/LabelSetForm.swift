import Files
import Tasks

/// Sets of labels: those that are predicted, and all probabilities. In CSV, the labels are a list in JSON, since they may contain
/// any character.
package struct LabelSetForm: PredictionForm {
    private let labels: [String]
    private let threshold: Float?

    /// - Parameters:
    ///   - labels: the head's
    ///   - threshold: for all labels, in place of the head's own; nil: the head's
    package init(labels: [String], threshold: Float? = nil) {
        self.labels = labels
        self.threshold = threshold
    }

    package let fields = ["labels", "probabilities"]
    package var columns: [String] { ["labels"] + labels.map { "probability_\($0)" } }

    package func cells(_ prediction: Prediction, _ example: Example) -> [String] {
        let (names, probabilities) = parts(prediction)
        return [JSONText.list(names)] + probabilities.map { JSONText.number($0) }
    }

    package func json(_ prediction: Prediction, _ example: Example) -> String {
        let (names, probabilities) = parts(prediction)
        return "\"labels\":\(JSONText.list(names)),\"probabilities\":\(Self.json(labels, probabilities))"
    }

    private func parts(_ prediction: Prediction) -> (names: [String], probabilities: [Float]) {
        guard case .labelSet(let set, let probabilities) = prediction, probabilities.count == labels.count else {
            preconditionFailure("probabilities of \(labels.count) labels")
        }
        let chosen = threshold.map { threshold in labels.indices.filter { probabilities[$0] >= threshold } } ?? set
        return (chosen.map { labels[$0] }, probabilities)
    }

    /// A JSON object with each label's probability.
    static func json(_ labels: some Collection<String>, _ probabilities: [Float]) -> String {
        let members = zip(labels, probabilities).map { "\(JSONText.quoted($0)):\(JSONText.number($1))" }
        return "{\(members.joined(separator: ","))}"
    }
}
