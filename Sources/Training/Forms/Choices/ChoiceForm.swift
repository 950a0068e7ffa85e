import Files
import Tasks

/// The position of the most probable choice from 0, and a probability for each choice: a list, in JSON also in the cells of CSV,
/// since questions may differ in how many choices they have.
package struct ChoiceForm: PredictionForm {
    package init() {}

    package let fields = ["answer", "probabilities"]
    package let columns = ["answer", "probabilities"]

    package func cells(_ prediction: Prediction, _ example: Example) -> [String] {
        let probabilities = probabilities(prediction)
        return ["\(Evaluator.best(probabilities))", Self.list(probabilities)]
    }

    package func json(_ prediction: Prediction, _ example: Example) -> String {
        let probabilities = probabilities(prediction)
        return "\"answer\":\(Evaluator.best(probabilities)),\"probabilities\":\(Self.list(probabilities))"
    }

    private func probabilities(_ prediction: Prediction) -> [Float] {
        guard case .choice(let probabilities) = prediction else { preconditionFailure("a prediction of another form") }
        return probabilities
    }

    static func list(_ probabilities: [Float]) -> String {
        "[\(probabilities.map { JSONText.number($0) }.joined(separator: ","))]"
    }
}
