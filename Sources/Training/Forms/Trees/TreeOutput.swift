import Models
import Numerics
import Tasks
import Text

/// A dependency tree over the words of a text.
package struct TreeOutput: OutputForm {
    private let labels: [String]

    package init(_ labels: [String]) { self.labels = labels }

    package let name = "trees"
    package let readsWords = true
    package let teaches = false

    package func column(_ examples: [Example], _ encoded: [[WordEncoding]]) -> any TargetColumn {
        TreeColumn(examples, names: labels)
    }

    /// The head has read the tree already (`BestTrees`).
    package func finish(_ row: UnsafeMutablePointer<Float>, workspace: Workspace) {}

    package func predictions(
        _ examples: [Example], _ results: HeadResults, _ column: any TargetColumn
    ) -> [Prediction] {
        Self.trees(results, counts: examples.map(\.words.count), labels: labels).map { .arcs($0) }
    }

    package func writer(_ settings: PredictionSettings) -> any PredictionForm { TreeForm() }

    package func rows(_ predicted: SplitPredictions) -> any EvaluatedRows { TreeDetails(predicted) }

    /// The arc of each word of each example. A word without a token, such as one after the maximum length, is attached to the
    /// word before it with the label "dep", or the head's first label if it has no "dep".
    /// - Parameter counts: words of each example
    static func trees(_ results: HeadResults, counts: [Int], labels: [String]) -> [[Arc]] {
        let other = labels.contains("dep") ? "dep" : labels.first ?? ""
        return counts.enumerated().map { i, count in
            let rows = results.rows(i)
            /// The number of the word that has a place among those with tokens.
            func number(_ place: Int) -> Int { results.words[rows.lowerBound + place - 1] + 1 }
            let first = rows.isEmpty ? 0 : number(1)
            var arcs = (0..<count).map { word in
                // Words before the first one with a token hang on it
                Arc(head: word + 1 < first ? first : word, label: other)
            }
            for row in rows {
                let values = Array(results.row(row))
                let place = Int(values[0])
                arcs[results.words[row]] = Arc(head: place > 0 ? number(place) : 0, label: labels[Int(values[1])])
            }
            return arcs
        }
    }
}
