import Files
import Tasks

/// Classes: the most likely one, all probabilities, and whether the head abstained.
package struct ClassForm: PredictionForm {
    private let labels: [String]
    private let jsonNames: [String]
    private let top: Int
    private let threshold: Double

    /// - Parameters:
    ///   - labels: the head's
    ///   - top: number of classes to list
    ///   - threshold: a prediction whose probability is below it is marked as abstained
    package init(labels: [String], top: Int = 1, threshold: Double = 0) {
        self.labels = labels
        self.top = min(top, labels.count)
        self.threshold = threshold
        jsonNames = labels.map { JSONText.quoted($0) + ":" }
    }

    package let fields = ["label", "probabilities", "top", "abstained"]

    package var columns: [String] {
        ["label", "probability", "abstained"]
            + (1..<max(1, top)).flatMap { ["top_\($0 + 1)", "top_\($0 + 1)_probability"] }
            + labels.map { "probability_\($0)" }
    }

    package func cells(_ prediction: Prediction, _ example: Example) -> [String] {
        let (probabilities, order, abstained) = parts(prediction)
        var cells: [String] = []
        for (i, c) in order.enumerated() {
            cells += [labels[c], JSONText.number(probabilities[c])]
            if i == 0 { cells.append("\(abstained)") }
        }
        return cells + probabilities.map { JSONText.number($0) }
    }

    package func json(_ prediction: Prediction, _ example: Example) -> String {
        let (probabilities, order, abstained) = parts(prediction)
        var text = "\"label\":\(JSONText.quoted(labels[order.first ?? 0])),\"probabilities\":{"
        for c in labels.indices {
            if c > 0 { text += "," }
            text += jsonNames[c]
            text += JSONText.number(probabilities[c])
        }
        text += "},\"top\":["
        for (i, c) in order.enumerated() {
            text += i > 0 ? ",{\"label\":" : "{\"label\":"
            text += JSONText.quoted(labels[c])
            text += ",\"probability\":\(JSONText.number(probabilities[c]))}"
        }
        return text + "],\"abstained\":\(abstained)"
    }

    private func parts(_ prediction: Prediction) -> (probabilities: [Float], order: [Int], abstained: Bool) {
        guard case .classes(let probabilities) = prediction, probabilities.count == labels.count else {
            preconditionFailure("probabilities of \(labels.count) classes")
        }
        let order = Self.largest(top, of: probabilities)
        return (probabilities, order, Double(probabilities[order.first ?? 0]) < threshold)
    }

    /// Indices of the largest values; of equal ones the first comes first.
    private static func largest(_ count: Int, of values: [Float]) -> [Int] {
        if count == 1 { return [Evaluator.best(values)] }
        return Array(values.indices.sorted { (-values[$0], $0) < (-values[$1], $1) }.prefix(count))
    }
}
