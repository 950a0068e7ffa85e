/// Gives every word the most frequent tag of the training split; of equally frequent ones the first.
package enum MajorityTag: Baseline {
    package static let label = "most frequent tag"

    package static func answers(_ data: TaskData, metric: any Metric.Type) -> (any Answers)? {
        WordTags(fitting: data.train, labels: data.labels.count, readsWords: false).map { $0.answers(data) }
    }
}

/// Gives each word the tag that it has most often in the training split; new words get the most frequent tag.
package struct WordTags: Baseline {
    package static let label = "most frequent tag per word"

    private let tags: [String: Int]
    private let otherwise: Int

    package static func answers(_ data: TaskData, metric: any Metric.Type) -> (any Answers)? {
        WordTags(fitting: data.train, labels: data.labels.count).map { $0.answers(data) }
    }

    /// - Parameters:
    ///   - labels: number of tags
    ///   - readsWords: false: every word is a new one
    /// - Returns: nil if no word has a tag
    init?(fitting examples: [Example], labels: Int, readsWords: Bool = true) {
        var all = [Int](repeating: 0, count: labels)
        var counts: [String: [Int: Int]] = [:]
        for tagged in examples.compactMap(\.tagged) {
            for (word, tag) in zip(tagged.tokens, tagged.tags ?? []) where tag >= 0 {
                all[tag] += 1
                if readsWords { counts[word, default: [:]][tag, default: 0] += 1 }
            }
        }
        guard let most = all.max(), most > 0, let tag = all.firstIndex(of: most) else { return nil }
        otherwise = tag
        tags = counts.mapValues { counts in
            counts.max { ($0.value, -$0.key) < ($1.value, -$1.key) }?.key ?? tag
        }
    }

    func predict(_ words: [String]) -> [Int] { words.map { tags[$0] ?? otherwise } }

    func answers(_ data: TaskData) -> TagAnswers {
        let gold = data.test.map(\.tagged)
        return TagAnswers(predicted: gold.map { predict($0?.tokens ?? []) }, of: gold, labels: data.labels)
    }
}
