import Files
import Tasks

/// Clusters as lists of mentions `[first, last]`, as data has them, with the texts of the mentions beside them; as JSON also in
/// the cells of CSV.
package struct ClusterForm: PredictionForm {
    package init() {}

    package let truncation: String? =
        "a word with more tokens than fit is cut; documents are read whole, in several windows"
    package let fields = ["tokens", "clusters", "texts"]
    package let columns = ["tokens", "clusters", "texts"]

    package func cells(_ prediction: Prediction, _ example: Example) -> [String] {
        let clusters = if case .clusters(let clusters) = prediction { clusters } else { [Cluster]() }
        return [
            JSONText.list(example.words), ClusterText.places(clusters), ClusterText.texts(clusters, of: example.words),
        ]
    }

    package func json(_ prediction: Prediction, _ example: Example) -> String {
        zip(fields, cells(prediction, example)).map { "\"\($0)\":\($1)" }.joined(separator: ",")
    }
}

/// Clusters as JSON, and as people read them.
enum ClusterText {
    /// `[[[0,1],[4,4]]]`
    static func places(_ clusters: [Cluster]) -> String {
        list(clusters) { list($0) { "[\($0.first),\($0.last)]" } }
    }

    /// `[["a dog","it"]]`
    static func texts(_ clusters: [Cluster], of words: [String]) -> String {
        list(clusters) { JSONText.list($0.map { $0.text(of: words) }) }
    }

    /// `a dog = it; Ada = she`
    static func shown(_ clusters: [Cluster], of words: [String]) -> String {
        clusters.map { $0.map { $0.text(of: words) }.joined(separator: " = ") }.joined(separator: "; ")
    }

    private static func list<Item>(_ items: [Item], _ text: (Item) -> String) -> String {
        "[\(items.map(text).joined(separator: ","))]"
    }
}
