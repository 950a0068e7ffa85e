/// Attaches every word to the word before it, or every word to the word after it, whichever has more right heads in the
/// training split; all arcs have the most frequent label.
package struct ChainTree: Baseline {
    package static let label = "neighboring word as head"

    /// −1: the word before; 1: the word after.
    let offset: Int
    private let label: Int

    package static func answers(_ data: TaskData, metric: any Metric.Type) -> (any Answers)? {
        ChainTree(fitting: data.train, labels: data.labels.count).map { model in
            let gold = data.test.map(\.parsed)
            return TreeAnswers(
                predicted: gold.map { model.arcs(of: $0?.tokens.count ?? 0, labels: data.labels) }, of: gold,
                labels: data.labels)
        }
    }

    /// - Parameter labels: number of labels
    /// - Returns: nil if no word has a label
    init?(fitting examples: [Example], labels: Int) {
        var counts = [Int](repeating: 0, count: labels)
        var right = (before: 0, after: 0)
        for parsed in examples.compactMap(\.parsed) {
            let heads = parsed.heads ?? []
            for (place, head) in heads.enumerated() {
                if head == place { right.before += 1 }
                if head == (place + 2 <= heads.count ? place + 2 : 0) { right.after += 1 }
            }
            for label in parsed.labels ?? [] where label >= 0 { counts[label] += 1 }
        }
        guard let most = counts.max(), most > 0, let label = counts.firstIndex(of: most) else { return nil }
        self.label = label
        offset = right.after > right.before ? 1 : -1
    }

    func arcs(of words: Int, labels: [String]) -> [Arc] {
        (1...max(1, words)).prefix(words).map { number in
            let head = number + offset
            return Arc(head: head <= words ? head : 0, label: labels[label])
        }
    }
}
