import Files
import Tasks

/// The most probable token at each mask of a text, and its probability: two lists, in JSON also in the cells of CSV, since texts may
/// differ in how many masks they have.
package struct TokenForm: PredictionForm {
    /// Tokens that are listed for each mask; with more than one, `top` has them with their probabilities.
    private let top: Int

    package init(top: Int) { self.top = top }

    package var fields: [String] { ["tokens", "probabilities"] + (top > 1 ? ["top"] : []) }
    package var columns: [String] { fields }
    package let truncation: String? = "masks beyond it have no tokens"

    package func cells(_ prediction: Prediction, _ example: Example) -> [String] { values(prediction) }

    package func json(_ prediction: Prediction, _ example: Example) -> String {
        zip(fields, values(prediction)).map { "\"\($0)\":\($1)" }.joined(separator: ",")
    }

    private func values(_ prediction: Prediction) -> [String] {
        guard case .tokens(let masks) = prediction else { preconditionFailure("a prediction of another form") }
        let best = masks.compactMap(\.first)
        let lists = masks.map { mask in
            list(
                mask.prefix(top).map {
                    "{\"token\":\(JSONText.quoted($0.token)),\"probability\":\(JSONText.number($0.probability))}"
                })
        }
        return [JSONText.list(best.map(\.token)), list(best.map { JSONText.number($0.probability) })]
            + (top > 1 ? [list(lists)] : [])
    }

    private func list(_ texts: [String]) -> String { "[\(texts.joined(separator: ","))]" }
}
