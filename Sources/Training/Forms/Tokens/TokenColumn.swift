import Files
import Numerics
import Tasks

/// The tokens that are hidden in each text.
package struct TokenColumn: TargetColumn {
    /// Of each text, in order; empty where its masks are its own, or where tokens are hidden later.
    private let hidden: [[Int32]]
    private let hiding: TokenHiding

    init(hidden: [[Int32]], hiding: TokenHiding) {
        self.hidden = hidden
        self.hiding = hiding
    }

    package func targets(
        _ indices: [Int], of examples: EncodedExamples, as head: BatchHead, loss: LossTargets, longest: Int,
        predicts: Bool
    ) -> HeadTargets? {
        var (marks, classes, rows): ([Int32], [Int32], [Int]) = ([], [], [])
        var start = 0
        for i in indices {
            for (position, word, _) in examples.wordTokens(i, all: true, longest: longest) {
                let token = hidden[i].indices.contains(word) ? hidden[i][word] : -1
                guard token >= 0 || predicts else { continue }
                marks.append(Int32(start + position))
                classes.append(token)
                rows.append(i)
            }
            start += examples.length(i, longest: longest)
        }
        return HeadTargets(.classes(classes), marks: marks, weights: loss.weights(ofRows: rows))
    }

    package func redraw(
        _ part: inout BatchPart, _ indices: [Int], of examples: EncodedExamples, as head: BatchHead, loss: LossTargets,
        key: UInt64
    ) {
        var (marks, classes, rows): ([Int32], [Int32], [Int]) = ([], [], [])
        var start = 0
        // A text is one sequence
        for (place, i) in indices.enumerated() {
            let own = Set(examples.wordTokens(i, all: true, longest: part.sequences[place].ids.count).map(\.position))
            for (position, token) in hiding.hide(
                &part.sequences[place].ids, key: Randomness.key(key, UInt64(i), 0x3A5C), isTarget: { own.contains($0) })
            {
                marks.append(Int32(start + position))
                classes.append(token)
                rows.append(i)
            }
            start += part.sequences[place].ids.count
        }
        part.targets[head.index] = HeadTargets(
            .classes(classes), marks: marks, weights: loss.weights(ofRows: rows), coefficient: 1)
    }

    package func answers(_ results: HeadResults) -> HeadAnswers {
        let scored = hidden.indices.filter { !hidden[$0].isEmpty && !results.rows($0).isEmpty }
        let best = scored.map { i in results.rows(i).map { Int(results.row($0).first ?? 0) } }
        return HeadAnswers(
            TokenAnswers(
                predicted: best, gold: zip(scored, best).map { hidden[$0].prefix($1.count).map { Int($0) } },
                losses: scored.map { results.losses[$0].sum }), scored: scored)
    }

    package var strata: [Int?] { hidden.map { _ in 0 } }

    package func hash(into digest: inout Digest.Incremental) {
        for tokens in hidden { tokens.withUnsafeBytes { digest.update($0) } }
    }
}
