import Models
import Numerics
import Tasks
import Text

/// A tag for each word of a text.
package struct TagOutput: OutputForm {
    private let labels: [String]

    package init(_ labels: [String]) { self.labels = labels }

    package let name = "tags"
    package let readsWords = true

    package func column(_ examples: [Example], _ encoded: [[WordEncoding]]) -> any TargetColumn {
        TagColumn(examples, names: labels)
    }

    package func finish(_ row: UnsafeMutablePointer<Float>, workspace: Workspace) {
        workspace.softmax(row, count: labels.count)
    }

    /// Words without a prediction have an empty tag, unless the head has "O".
    package func predictions(
        _ examples: [Example], _ results: HeadResults, _ column: any TargetColumn
    ) -> [Prediction] {
        Self.tags(results, counts: examples.map(\.words.count), labels: labels, other: "").map { .tags($0) }
    }

    /// Word by word.
    package func lesson(
        _ results: HeadResults, of teacher: any TargetColumn, for student: any TargetColumn, temperature: Double
    ) throws(TrainingError) -> [Float]? {
        guard let student = student as? TagColumn else { return nil }
        let width = results.width
        var rows = [Float](repeating: .nan, count: student.tags.count * width)
        for i in results.losses.indices {
            let words = student.words(i)
            for row in results.rows(i) {
                let word = words.lowerBound + results.words[row]
                rows.replaceSubrange(
                    word * width..<(word + 1) * width, with: Softened.probabilities(results.row(row), temperature))
            }
        }
        return rows
    }

    package func writer(_ settings: PredictionSettings) -> any PredictionForm { TagForm() }

    package func rows(_ predicted: SplitPredictions) -> any EvaluatedRows { TagDetails(predicted) }

    /// The predicted tag of each word of each example. Words without a token, such as those after the maximum length, get
    /// "O", or `other` if the head has no "O".
    /// - Parameters:
    ///   - counts: words of each example
    ///   - other: nil: the head's first label
    static func tags(
        _ results: HeadResults, counts: [Int], labels: [String], other: String? = nil
    ) -> [[String]] {
        let outside = labels.contains("O") ? "O" : other ?? labels.first ?? ""
        return counts.enumerated().map { i, count in
            var tags = [String](repeating: outside, count: count)
            for row in results.rows(i) { tags[results.words[row]] = labels[Evaluator.best(results.row(row))] }
            return tags
        }
    }
}

extension Example {
    /// Its words: as the data has them, else the parts of its text between white space.
    var words: [String] { payload?.words ?? text.split(whereSeparator: \.isWhitespace).map(String.init) }
}
