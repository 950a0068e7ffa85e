import Files
import Tasks

/// A head and a label for each word: lists beside that of the words, as JSON also in the cells of CSV.
package struct TreeForm: PredictionForm {
    package init() {}

    package let truncation: String? = "words beyond it are attached to the word before them"
    package let fields = ["tokens", "heads", "deprels"]
    package let columns = ["tokens", "heads", "deprels"]

    package func cells(_ prediction: Prediction, _ example: Example) -> [String] {
        let arcs = arcs(prediction)
        return [JSONText.list(example.words), ArcText.heads(arcs), ArcText.labels(arcs)]
    }

    package func json(_ prediction: Prediction, _ example: Example) -> String {
        zip(fields, cells(prediction, example)).map { "\"\($0)\":\($1)" }.joined(separator: ",")
    }

    private func arcs(_ prediction: Prediction) -> [Arc] { if case .arcs(let arcs) = prediction { arcs } else { [] } }
}

/// Arcs as JSON.
enum ArcText {
    static func heads(_ arcs: [Arc]) -> String { "[\(arcs.map { "\($0.head)" }.joined(separator: ","))]" }
    static func labels(_ arcs: [Arc]) -> String { JSONText.list(arcs.map(\.label)) }
}
