import Files
import Tasks

/// A tag for each word: two lists, as JSON also in the cells of CSV, since words and tags may contain any character. A word
/// without a prediction has null.
package struct TagForm: PredictionForm {
    package init() {}

    package let truncation: String? = "words beyond it have the tag O, or null if the head has no O"
    package let fields = ["tokens", "tags"]
    package let columns = ["tokens", "tags"]

    package func cells(_ prediction: Prediction, _ example: Example) -> [String] {
        [JSONText.list(example.words), tags(prediction)]
    }

    package func json(_ prediction: Prediction, _ example: Example) -> String {
        "\"tokens\":\(JSONText.list(example.words)),\"tags\":\(tags(prediction))"
    }

    private func tags(_ prediction: Prediction) -> String {
        guard case .tags(let tags) = prediction else { return "[]" }
        return JSONText.list(tags.map { $0.isEmpty ? nil : $0 })
    }
}
