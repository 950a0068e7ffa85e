/// What scores the spans of a document as mentions, and a mention with one before it (Kirstain et al. 2021, equations 2 to 4:
/// from the first and the last word of each, without a vector for the span itself).
///
///     mention(q) = starts[q.first] · (ends[q.last], 1)
///     antecedent(c, q) = (queryStarts[q.first] + queryEnds[q.last]) · (keyStarts[c.first], keyEnds[c.last])
///                      + Σ_f features[q.last, f] over the features that the two have (`SpanPairFeatures`)
///     score(c, q) = mention(c) + mention(q) + antecedent(c, q); of no antecedent 0
///
/// All have the rows of one head's marked tokens: the words of its documents.
package struct MentionScores {
    /// [words, width + 1], a vector and a number of a span's first word.
    let starts: Value
    /// [words, width], of its last word.
    let ends: Value
    /// [words, 2 · pair width], of the first word of a mention that looks back.
    let queryStarts: Value
    /// [words, 2 · pair width], of its last word.
    let queryEnds: Value
    /// [words, pair width], of the first word of a mention that is looked at.
    let keyStarts: Value
    /// [words, pair width], of its last word.
    let keyEnds: Value
    /// [words, `SpanPairFeatures.count`], of the last word of a mention that looks back.
    let features: Value
    /// Words of a mention at most.
    let longest: Int
    /// Mentions that are kept for each hundred words of a document; more if they score well (`DocumentSpans.kept`).
    let keptShare: Int

    /// - Parameters:
    ///   - longest: words of a mention at most
    ///   - kept: mentions that are kept for each hundred words of a document, at least 1
    package init(
        starts: Value, ends: Value, queryStarts: Value, queryEnds: Value, keyStarts: Value, keyEnds: Value,
        features: Value, longest: Int, kept: Int
    ) {
        queryEnds.require(like: queryStarts, "the last words of mentions that look back")
        keyEnds.require(like: keyStarts, "the last words of mentions that are looked at")
        precondition(starts.width == ends.width + 1 && starts.rows == ends.rows, "a vector and a number of first words")
        precondition(queryStarts.width == 2 * keyStarts.width && features.width == SpanPairFeatures.count, "pairs")
        precondition(longest > 0 && kept > 0, "longest mention \(longest), \(kept) mentions for a hundred words")
        (self.starts, self.ends, self.queryStarts, self.queryEnds) = (starts, ends, queryStarts, queryEnds)
        (self.keyStarts, self.keyEnds, self.features) = (keyStarts, keyEnds, features)
        (self.longest, keptShare) = (longest, kept)
    }

    /// Columns of `features`.
    package static let features = SpanPairFeatures.count

    var inputs: [Value] { [starts, ends, queryStarts, queryEnds, keyStarts, keyEnds, features] }
}

/// A run of words of a document, by rows of the slice.
struct WordSpan: Equatable {
    var first: Int
    var last: Int

    var count: Int { last - first + 1 }
}

/// The spans of one document that may be mentions, with their scores.
struct DocumentSpans {
    /// Rows of the slice.
    let rows: Range<Int>
    /// By first word, then by last word.
    let spans: [WordSpan]
    /// Of each span.
    let scores: [Float]
    /// For each span its true cluster; −1: it is no mention. Empty where the clusters are not known.
    let clusters: [Int32]
    /// What each row is, counted from the slice's first.
    let words: ArraySlice<MentionWord>

    var hasClusters: Bool { !clusters.isEmpty }

    /// The spans with the best scores, in the order of `spans`; of equal ones the first. So many as `share` says, and beyond these
    /// one a word at most, those with a score above 0: the loss makes them more likely mentions than not.
    /// - Parameters:
    ///   - share: how many for each hundred words
    ///   - keepsTrue: whether true mentions are kept whatever their score, as in training
    func kept(_ share: Int, keepsTrue: Bool) -> [Int] {
        // What a diverged model says is no reason to trap
        let order = scores.map { $0.isNaN ? -Float.infinity : $0 }
        let least = (share * rows.count + 99) / 100
        var isKept = [Bool](repeating: false, count: spans.count)
        let best = spans.indices.sorted { (-order[$0], $0) < (-order[$1], $1) }.prefix(max(least, rows.count))
        for (rank, i) in best.enumerated() where rank < least || order[i] > 0 { isKept[i] = true }
        if keepsTrue, hasClusters { for i in spans.indices where clusters[i] >= 0 { isKept[i] = true } }
        return spans.indices.filter { isKept[$0] }
    }
}

extension MentionScores {
    /// Calls `body` for each document of the slice.
    func forEachDocument(_ run: SliceRun, head: Int, _ body: (DocumentSpans) -> Void) {
        guard case .mentions(let all)? = run.batch.targets[head]?.values else { return }
        let range = run.range(starts)
        let words = all[range]
        var first = range.lowerBound
        while first < range.upperBound {
            var end = first + 1
            while end < range.upperBound, !words[end].isFirst { end += 1 }
            body(document(words[first..<end], from: first - range.lowerBound, run))
            first = end
        }
    }

    /// - Parameter row: of the slice, of the document's first word
    private func document(_ words: ArraySlice<MentionWord>, from row: Int, _ run: SliceRun) -> DocumentSpans {
        let (left, right) = (run.values(starts), run.values(ends))
        let hasClusters = words.first?.hasClusters ?? false
        var (spans, scores, clusters): ([WordSpan], [Float], [Int32]) = ([], [], [])
        for (place, word) in words.enumerated() {
            let own = left + (row + place) * starts.width
            for (length, last) in words[(words.startIndex + place)...].prefix(longest).enumerated() {
                guard last.sentence == word.sentence else { break }
                let span = WordSpan(first: row + place, last: row + place + length)
                spans.append(span)
                scores.append(dotProduct(own, right + span.last * ends.width, ends.width) + own[ends.width])
                if hasClusters {
                    clusters.append(word.mentions.first { $0.length == Int32(length) }?.cluster ?? -1)
                }
            }
        }
        return DocumentSpans(
            rows: row..<row + words.count, spans: spans, scores: scores, clusters: clusters, words: words)
    }

    /// What a mention looks for in those before it: [2 · pair width].
    func query(_ span: WordSpan, _ run: SliceRun, into query: UnsafeMutablePointer<Float>) {
        let (a, b) = (
            run.values(queryStarts) + span.first * queryStarts.width,
            run.values(queryEnds) + span.last * queryEnds.width
        )
        for i in 0..<queryStarts.width { query[i] = a[i] + b[i] }
    }

    /// antecedent(c, q), of a query and its features.
    func antecedent(
        _ candidate: WordSpan, query: UnsafePointer<Float>, last: Int, _ pair: SpanPairFeatures, _ run: SliceRun
    ) -> Float {
        let width = keyStarts.width
        var score = dotProduct(query, run.values(keyStarts) + candidate.first * width, width)
        score += dotProduct(query + width, run.values(keyEnds) + candidate.last * width, width)
        let own = run.values(features) + last * SpanPairFeatures.count
        pair.forEach { score += own[$0] }
        return score
    }
}
