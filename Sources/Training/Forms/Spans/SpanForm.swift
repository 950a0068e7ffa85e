import Files
import Tasks

/// The answer to a question with its place in the context, and with `top` over 1 the best candidates under `n_best`.
///
/// No answer is an empty text with the start null, in CSV with an empty cell.
package struct SpanForm: PredictionForm {
    private let top: Int

    /// - Parameter top: number of candidates to list
    package init(top: Int = 1) { self.top = top }

    package var fields: [String] { ["answer", "start", "probability"] + (top > 1 ? ["n_best"] : []) }

    package var columns: [String] {
        ["answer", "start", "probability"]
            + (1..<max(1, top)).flatMap { ["top_\($0 + 1)", "top_\($0 + 1)_start", "top_\($0 + 1)_probability"] }
    }

    package let truncation: String? = "their questions are cut; contexts are read whole, in several windows"

    package func cells(_ prediction: Prediction, _ example: Example) -> [String] {
        guard case .span(let span) = prediction else { preconditionFailure("a prediction of another form") }
        let others = span.best.filter { $0 != span.answer }
        return (0..<top).flatMap { place -> [String] in
            let choice = place == 0 ? span.answer : others.indices.contains(place - 1) ? others[place - 1] : nil
            guard let choice else { return ["", "", ""] }
            return [choice.text, choice.start.map(String.init) ?? "", JSONText.number(choice.probability)]
        }
    }

    package func json(_ prediction: Prediction, _ example: Example) -> String {
        guard case .span(let span) = prediction else { preconditionFailure("a prediction of another form") }
        let answer = Self.json(span.answer)
        guard top > 1 else { return answer }
        return answer + ",\"n_best\":[\(span.best.prefix(top).map { "{\(Self.json($0))}" }.joined(separator: ","))]"
    }

    private static func json(_ choice: SpanPrediction.Choice) -> String {
        "\"answer\":\(JSONText.quoted(choice.text)),\"start\":\(choice.start.map(String.init) ?? "null")"
            + ",\"probability\":\(JSONText.number(choice.probability))"
    }
}
