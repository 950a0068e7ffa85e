import Models
import Tasks

/// A head's results beside the true answers of the examples that can be scored.
package struct HeadAnswers {
    package let answers: any Answers
    /// Indices of the scored examples, in the answers' order.
    package let scored: [Int]
    /// Scored examples with an answer that the head does not know.
    package let unknown: Int

    /// - Parameter column: the head's own targets.
    package init(_ results: HeadResults, _ column: TargetColumn, head: any Head) {
        switch column {
        case .classes(let classes, let unknown):
            let gold = GoldLabels(labels: classes, unknownLabels: unknown, names: head.labels)
            let best = classes.indices.map { Evaluator.best(results.row($0)) }
            scored = gold.scored
            answers = ClassAnswers(
                predicted: scored.map { best[$0] }, gold: scored.compactMap { gold.classes[$0] },
                classes: gold.names.count)
            self.unknown = gold.unknown
        case .tags(let tags):
            let tagged = Self.tags(results, counts: tags.isLabeled.indices.map { tags.words($0).count }, head: head)
            scored = tags.isLabeled.indices.filter { tags.isLabeled[$0] }
            answers = TagAnswers(
                predicted: scored.map { tagged[$0] },
                gold: scored.map { i in
                    tags.words(i).map { word in
                        let tag = Int(tags.tags[word])
                        return tag >= 0 ? head.labels[tag] : tags.unknown[word] ?? ""
                    }
                })
            unknown = scored.count { i in tags.words(i).contains { tags.unknown[$0] != nil } }
        case .numbers(let numbers, let width):
            let count = width > 0 ? numbers.count / width : 0
            scored = (0..<count).filter { i in numbers[i * width..<(i + 1) * width].contains { !$0.isNaN } }
            answers = NumberAnswers(
                predicted: scored.map { results.row($0).map { Double($0) } },
                gold: scored.map { i in numbers[i * width..<(i + 1) * width].map { $0.isNaN ? nil : Double($0) } })
            unknown = 0
        case .none:
            scored = []
            answers = ClassAnswers(predicted: [], gold: [], classes: 0)
            unknown = 0
        }
    }

    /// The predicted tag of each word of each example. Words without a token, such as those after the maximum length, get
    /// "O", or `other` if the head has no "O".
    /// - Parameters:
    ///   - counts: words of each example
    ///   - other: nil: the head's first label
    package static func tags(
        _ results: HeadResults, counts: [Int], head: any Head, other: String? = nil
    ) -> [[String]] {
        let labels = head.labels
        let outside = labels.contains("O") ? "O" : other ?? labels.first ?? ""
        return counts.enumerated().map { i, count in
            var tags = [String](repeating: outside, count: count)
            for row in results.rows(i) { tags[results.words[row]] = labels[Evaluator.best(results.row(row))] }
            return tags
        }
    }
}
