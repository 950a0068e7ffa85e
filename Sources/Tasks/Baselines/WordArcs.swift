/// Attaches each word at the distance and with the label that it has most often in the training split. A new word goes by its
/// last three characters, or else by all words.
package struct WordArcs: Baseline {
    package static let label = "most frequent arc per word"

    /// What a word is attached to: the root, or a word so many places behind it, with a label.
    private struct Choice: Hashable {
        /// nil: the root.
        var offset: Int?
        var label: Int
    }

    private let byWord: [String: Choice]
    private let bySuffix: [String: Choice]
    private let otherwise: Choice

    package static func answers(_ data: TaskData, metric: any Metric.Type) -> (any Answers)? {
        WordArcs(fitting: data.train).map { model in
            let gold = data.test.map(\.parsed)
            return TreeAnswers(
                predicted: gold.map { model.arcs($0?.tokens ?? [], labels: data.labels) }, of: gold,
                labels: data.labels)
        }
    }

    /// - Returns: nil if no word has a head and a known label
    init?(fitting examples: [Example]) {
        var words: [String: [Choice: Int]] = [:]
        var suffixes: [String: [Choice: Int]] = [:]
        var all: [Choice: Int] = [:]
        for parsed in examples.compactMap(\.parsed) {
            guard let heads = parsed.heads, let labels = parsed.labels else { continue }
            for (place, word) in parsed.tokens.enumerated() where labels[place] >= 0 {
                let head = heads[place]
                let choice = Choice(offset: head == 0 ? nil : head - place - 1, label: labels[place])
                words[word, default: [:]][choice, default: 0] += 1
                suffixes[Self.suffix(word), default: [:]][choice, default: 0] += 1
                all[choice, default: 0] += 1
            }
        }
        guard let most = Self.most(all) else { return nil }
        otherwise = most
        byWord = words.compactMapValues(Self.most)
        bySuffix = suffixes.compactMapValues(Self.most)
    }

    private static func suffix(_ word: String) -> String { String(word.suffix(3)).lowercased() }

    /// The most frequent one; of equally frequent ones the nearest, then the one before the word, then the first label.
    private static func most(_ counts: [Choice: Int]) -> Choice? {
        func rank(_ choice: Choice, _ count: Int) -> (Int, Int, Int, Int) {
            let offset = choice.offset ?? 0
            return (-count, abs(offset), offset, choice.label)
        }
        return counts.min { rank($0.key, $0.value) < rank($1.key, $1.value) }?.key
    }

    /// A word whose head would lie outside the sentence is attached to the word before it.
    func arcs(_ words: [String], labels: [String]) -> [Arc] {
        words.enumerated().map { place, word in
            let choice = byWord[word] ?? bySuffix[Self.suffix(word)] ?? otherwise
            let head = choice.offset.map { place + 1 + $0 } ?? 0
            return Arc(head: (0...words.count).contains(head) ? head : place, label: labels[choice.label])
        }
    }
}
