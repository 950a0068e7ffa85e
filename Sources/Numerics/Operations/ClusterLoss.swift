import Foundation

/// The loss of coreference, one raw loss a word:
///
///     loss[w] = Σ_q −log Σ_{c ∈ Y(q)} P(c | q)  +  Σ_s (log(1 + exp m(s)) − [s is a mention] m(s))
///
/// The first sum is over the kept mentions q that end with the word: the marginal likelihood of their true antecedents Y(q),
/// the kept mentions before q of q's cluster, or of no antecedent where there are none (Lee et al. 2017, equation 9). P is the
/// softmax of `MentionScores` over the kept mentions before q and no antecedent. The second sum is over all spans s that end
/// with the word: the cross-entropy of whether they are mentions, from their mention score alone, so that what is kept is
/// learned from few documents. True mentions are always kept here. A document without known clusters has loss 0.
///
/// Spans, clusters and documents are `HeadTargets.Values.mentions`. y: [words, 1].
package final class ClusterLoss: Operation {
    private let scores: MentionScores
    private let head: Int
    package let output: Value

    /// - Parameter head: whose targets in the batch it reads.
    package init(_ scores: MentionScores, head: Int, in builder: PlanBuilder) {
        self.scores = scores
        self.head = head
        output = builder.value(scores.starts.rows, 1)
    }

    package var inputs: [Value] { scores.inputs }
    package var readInBackward: [Value] { scores.inputs }

    /// The scores of a kept mention with each kept one before it, and their part in two log-sums.
    private struct Ranking {
        /// Index into `DocumentSpans.spans`.
        let mention: Int
        /// As many scores as there are kept mentions before it.
        let scores: [Float]
        /// log Σ exp over all antecedents and none, and over the true ones, or none.
        let norm: Double
        let trueNorm: Double
        /// Whether it has a true antecedent.
        let hasTrue: Bool

        var loss: Double { norm - trueNorm }
    }

    /// Calls `body` for each kept mention of a document.
    private func forEachMention(
        _ document: DocumentSpans, _ kept: [Int], _ run: SliceRun,
        _ body: (_ ranking: Ranking, _ query: UnsafeMutablePointer<Float>) -> Void
    ) {
        let query = run.scratch(scores.queryStarts.width)
        for (place, mention) in kept.enumerated() {
            let span = document.spans[mention]
            scores.query(span, run, into: query)
            let own = kept[..<place].map { candidate in
                let pair = features(document, candidate, mention)
                return document.scores[candidate] + document.scores[mention]
                    + scores.antecedent(document.spans[candidate], query: query, last: span.last, pair, run)
            }
            let cluster = document.clusters[mention]
            let right = cluster < 0 ? [] : kept[..<place].indices.filter { document.clusters[kept[$0]] == cluster }
            body(
                Ranking(
                    mention: mention, scores: own, norm: Self.logSum(own.map(Double.init) + [0]),
                    trueNorm: right.isEmpty ? 0 : Self.logSum(right.map { Double(own[$0]) }), hasTrue: !right.isEmpty),
                query)
        }
    }

    private func features(_ document: DocumentSpans, _ candidate: Int, _ mention: Int) -> SpanPairFeatures {
        SpanPairFeatures(
            document.spans[candidate], before: document.spans[mention], in: document.words,
            from: document.rows.lowerBound)
    }

    private static func logSum(_ values: [Double]) -> Double {
        let top = values.max() ?? 0
        return top + log(values.reduce(0) { $0 + exp($1 - top) })
    }

    package func forward(_ run: SliceRun) {
        let losses = run.values(output)
        losses.update(repeating: 0, count: run.rows(output))
        scores.forEachDocument(run, head: head) { document in
            guard document.hasClusters else { return }
            var sums = [Double](repeating: 0, count: document.rows.count)
            func add(_ loss: Double, _ span: Int) { sums[document.spans[span].last - document.rows.lowerBound] += loss }
            for (span, score) in document.scores.enumerated() {
                let m = Double(score)
                add(max(m, 0) + log1p(exp(-abs(m))) - (document.clusters[span] >= 0 ? m : 0), span)
            }
            let kept = document.kept(scores.keptShare, keepsTrue: true)
            forEachMention(document, kept, run) { ranking, _ in add(ranking.loss, ranking.mention) }
            for (place, sum) in sums.enumerated() { losses[document.rows.lowerBound + place] = Float(sum) }
        }
    }

    package func backward(_ run: SliceRun) {
        let targets = run.clearedGradients(inputs)
        let dy = run.outputGradient
        scores.forEachDocument(run, head: head) { document in
            guard document.hasClusters else { return }
            // Of each span's mention score
            var slopes = document.scores.enumerated().map { span, score in
                (1 / (1 + exp(-Double(score))) - (document.clusters[span] >= 0 ? 1 : 0))
                    * Double(dy[document.spans[span].last])
            }
            let kept = document.kept(scores.keptShare, keepsTrue: true)
            var dquery = [Float](repeating: 0, count: scores.queryStarts.width)
            forEachMention(document, kept, run) { ranking, query in
                let span = document.spans[ranking.mention]
                for i in dquery.indices { dquery[i] = 0 }
                for (candidate, score) in zip(kept, ranking.scores) {
                    let isTrue = ranking.hasTrue && document.clusters[candidate] == document.clusters[ranking.mention]
                    let share = exp(Double(score) - ranking.norm) - (isTrue ? exp(Double(score) - ranking.trueNorm) : 0)
                    let slope = share * Double(dy[span.last])
                    slopes[candidate] += slope
                    slopes[ranking.mention] += slope
                    addPair(
                        Float(slope), document.spans[candidate], span, features(document, candidate, ranking.mention),
                        query: query, dquery: &dquery, targets, run)
                }
                for (target, value, row) in [
                    (targets[2], scores.queryStarts, span.first), (targets[3], scores.queryEnds, span.last),
                ] {
                    guard let target else { continue }
                    run.kernels.pointee.add(target + row * value.width, dquery, value.width, 1, true)
                }
            }
            addMentions(document, slopes, targets, run)
        }
    }

    /// Gradients of antecedent(c, q) but for the query's own.
    private func addPair(
        _ slope: Float, _ candidate: WordSpan, _ mention: WordSpan, _ pair: SpanPairFeatures,
        query: UnsafeMutablePointer<Float>, dquery: inout [Float], _ targets: [UnsafeMutablePointer<Float>?],
        _ run: SliceRun
    ) {
        let width = scores.keyStarts.width
        for (side, value, target, row) in [
            (0, scores.keyStarts, targets[4], candidate.first), (width, scores.keyEnds, targets[5], candidate.last),
        ] {
            dquery.withUnsafeMutableBufferPointer { all in
                guard let base = all.baseAddress else { return }
                run.kernels.pointee.add(base + side, run.values(value) + row * width, width, slope, true)
            }
            if let target { run.kernels.pointee.add(target + row * width, query + side, width, slope, true) }
        }
        if let target = targets[6] {
            pair.forEach { target[mention.last * SpanPairFeatures.count + $0] += slope }
        }
    }

    /// Gradients of the mention scores.
    private func addMentions(
        _ document: DocumentSpans, _ slopes: [Double], _ targets: [UnsafeMutablePointer<Float>?], _ run: SliceRun
    ) {
        let (left, right, width) = (run.values(scores.starts), run.values(scores.ends), scores.ends.width)
        for (span, slope) in zip(document.spans, slopes) {
            let (start, end, g) = (span.first * (width + 1), span.last * width, Float(slope))
            if let target = targets[0] {
                run.kernels.pointee.add(target + start, right + end, width, g, true)
                target[start + width] += g
            }
            if let target = targets[1] { run.kernels.pointee.add(target + end, left + start, width, g, true) }
        }
    }
}
