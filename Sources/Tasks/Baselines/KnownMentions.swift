/// Finds the texts that are mentions in the training split at least as often as not, and puts all of a document in one cluster.
package struct KnownMentions: Baseline {
    package static let label = "known mentions in one cluster"

    /// Words in lower case, with a space between two.
    private let texts: Set<String>
    /// Words of the longest.
    private let longest: Int

    package static func answers(_ data: TaskData, metric: any Metric.Type) -> (any Answers)? {
        KnownMentions(fitting: data.train).map { model in
            model.answers(data) { mentions, _ in mentions.count > 1 ? [mentions] : [] }
        }
    }

    /// - Returns: nil if there is no mention
    init?(fitting examples: [Example]) {
        var counts: [String: (mentions: Int, all: Int)] = [:]
        let documents = examples.compactMap(\.clustered)
        var longest = 0
        for document in documents {
            for mention in (document.clusters ?? []).joined() {
                longest = max(longest, mention.last - mention.first + 1)
                counts[Self.text(mention, of: document), default: (0, 0)].mentions += 1
            }
        }
        guard longest > 0 else { return nil }
        for document in documents where document.clusters != nil {
            Self.forEachSpan(document, longest: longest) { span in
                counts[Self.text(span, of: document)]?.all += 1
                return false
            }
        }
        texts = Set(counts.filter { 2 * $0.value.mentions >= $0.value.all }.keys)
        self.longest = longest
    }

    static func text(_ mention: Mention, of document: ClusteredTokens) -> String {
        mention.text(of: document.tokens).lowercased()
    }

    /// Calls `body` with spans within a sentence, from left to right, of those with one first word the longest first; after a
    /// span for which it returns true come those behind it.
    private static func forEachSpan(_ document: ClusteredTokens, longest: Int, _ body: (Mention) -> Bool) {
        var start = 0
        for count in document.sentences {
            let end = start + count
            var first = start
            while first < end {
                let last = (first..<min(end, first + longest)).reversed().first { body(Mention(first, $0)) }
                first = (last ?? first) + 1
            }
            start = end
        }
    }

    /// Mentions that do not overlap.
    func mentions(_ document: ClusteredTokens) -> [Mention] {
        var found: [Mention] = []
        Self.forEachSpan(document, longest: longest) { span in
            let isKnown = texts.contains(Self.text(span, of: document))
            if isKnown { found.append(span) }
            return isKnown
        }
        return found
    }

    /// - Parameter clusters: of the mentions of a document
    func answers(_ data: TaskData, clusters: ([Mention], ClusteredTokens) -> [Cluster]) -> ClusterAnswers {
        let gold = data.test.map(\.clustered)
        return ClusterAnswers(
            predicted: gold.map { document in document.map { clusters(mentions($0), $0).ordered } ?? [] }, of: gold)
    }
}

/// Finds the texts that are mentions in the training split at least as often as not, and links those that are written alike.
package enum RepeatedMentions: Baseline {
    package static let label = "known mentions with the same text"

    package static func answers(_ data: TaskData, metric: any Metric.Type) -> (any Answers)? {
        KnownMentions(fitting: data.train).map { model in
            model.answers(data) { mentions, document in
                Dictionary(grouping: mentions) { KnownMentions.text($0, of: document) }.values.filter { $0.count > 1 }
            }
        }
    }
}
