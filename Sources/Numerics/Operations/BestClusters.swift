/// The clusters of each document: each kept mention is linked to the one before it with the largest score, if that is above 0,
/// which is the score of no antecedent (Lee et al. 2017, section 3). Linked mentions are one cluster.
///
/// y: [words, 2 · `slots`], for up to `slots` mentions that begin with a word their number of words, or 0, and the number of
/// their cluster in the document, from 0. It is not differentiable: a loss reads the scores themselves.
package final class BestClusters: Operation {
    private let scores: MentionScores
    private let head: Int
    private let hasSingletons: Bool
    package let output: Value

    /// Mentions that begin with one word at most; others, those with lower mention scores, are left out.
    package static let slots = 8
    /// Columns of the output.
    package static let width = 2 * slots

    /// - Parameters:
    ///   - head: whose words in the batch it reads.
    ///   - hasSingletons: whether a mention without links is a cluster of its own if its mention score is above 0.
    package init(_ scores: MentionScores, head: Int, hasSingletons: Bool, in builder: PlanBuilder) {
        self.scores = scores
        self.head = head
        self.hasSingletons = hasSingletons
        output = builder.value(scores.starts.rows, Self.width)
    }

    package var inputs: [Value] { scores.inputs }

    package func forward(_ run: SliceRun) {
        let y = run.values(output)
        y.update(repeating: 0, count: run.rows(output) * Self.width)
        scores.forEachDocument(run, head: head) { document in
            var used = [Int](repeating: 0, count: document.rows.count)
            // The best first, in case that a word has too many
            for (mention, cluster) in clusters(document, run).sorted(by: {
                (-document.scores[$0.mention], $0.mention) < (-document.scores[$1.mention], $1.mention)
            }) {
                let span = document.spans[mention]
                let place = span.first - document.rows.lowerBound
                guard used[place] < Self.slots else { continue }
                y[span.first * Self.width + 2 * used[place]] = Float(span.count)
                y[span.first * Self.width + 2 * used[place] + 1] = Float(cluster)
                used[place] += 1
            }
        }
    }

    /// The mentions that are in clusters.
    private func clusters(_ document: DocumentSpans, _ run: SliceRun) -> [(mention: Int, cluster: Int)] {
        let kept = document.kept(scores.keptShare, keepsTrue: false)
        let query = run.scratch(scores.queryStarts.width)
        // For each kept mention the cluster that it is in, and how many mentions each cluster has
        var (cluster, sizes): ([Int], [Int]) = ([], [])
        for (place, mention) in kept.enumerated() {
            let span = document.spans[mention]
            scores.query(span, run, into: query)
            var best: (place: Int, score: Float)?
            for (other, candidate) in kept[..<place].enumerated() {
                let pair = SpanPairFeatures(
                    document.spans[candidate], before: span, in: document.words, from: document.rows.lowerBound)
                let score =
                    document.scores[candidate] + document.scores[mention]
                    + scores.antecedent(document.spans[candidate], query: query, last: span.last, pair, run)
                if score > best?.score ?? 0 { best = (other, score) }
            }
            cluster.append(best.map { cluster[$0.place] } ?? sizes.count)
            if best == nil { sizes.append(0) }
            sizes[cluster[place]] += 1
        }
        return zip(kept, cluster).filter { mention, own in
            sizes[own] > 1 || hasSingletons && document.scores[mention] > 0
        }.map { ($0, $1) }
    }

    /// Nothing flows back; whoever else reads the inputs adds to what stands there.
    package func backward(_ run: SliceRun) { _ = run.clearedGradients(inputs) }
}
