import Foundation

/// loss[i] = −log softmax(s_i)_h: of each word, over the root and the other words of its sequence, with h the true head. One
/// raw loss a word; a word without a head has loss 0.
///
/// s: see `BiaffineArcs`; the targets are `HeadTargets.Values.indices`, whose first number is the head's place among the
/// sequence's words, from 1, or 0 for the root. y: [words, 1].
package final class ArcCrossEntropy: Operation {
    private let arcs: BiaffineArcs
    private let head: Int
    package let output: Value

    /// - Parameter head: whose targets in the batch it reads.
    package init(_ arcs: BiaffineArcs, head: Int, in builder: PlanBuilder) {
        self.arcs = arcs
        self.head = head
        output = builder.value(arcs.queries.rows, 1)
    }

    package var inputs: [Value] { arcs.inputs }
    package var readInBackward: [Value] { arcs.inputs }

    /// Calls `body` for each word: its row, the rows of its sequence, its scores (root first; −∞ for itself), and the true head.
    private func forEachWord(
        _ run: SliceRun,
        _ body: (_ word: Int, _ words: Range<Int>, _ scores: UnsafeMutablePointer<Float>, _ gold: Int?) -> Void
    ) {
        guard case .indices(let targets, let width)? = run.batch.targets[head]?.values else { return }
        let first = run.range(output).lowerBound
        for words in run.sequences(of: output) {
            let scores = run.scratch(words.count + 1)
            for word in words {
                let gold = Int(targets[(first + word) * width])
                guard (0...words.count).contains(gold), gold != word - words.lowerBound + 1 else {
                    body(word, words, scores, nil)
                    continue
                }
                arcs.scores(of: word, among: words, run, into: scores)
                scores[word - words.lowerBound + 1] = -.infinity
                body(word, words, scores, gold)
            }
        }
    }

    package func forward(_ run: SliceRun) {
        let losses = run.values(output)
        losses.update(repeating: 0, count: run.rows(output))
        forEachWord(run) { word, words, scores, gold in
            guard let gold else { return }
            losses[word] = Float(CrossEntropy.logSum(scores, words.count + 1) - Double(scores[gold]))
        }
    }

    package func backward(_ run: SliceRun) {
        let targets = run.clearedGradients(inputs)
        let (dy, width) = (run.outputGradient, arcs.queries.width)
        let (q, k) = (run.values(arcs.queries), run.values(arcs.keys))
        forEachWord(run) { word, words, scores, gold in
            guard let gold else { return }
            let norm = CrossEntropy.logSum(scores, words.count + 1)
            func slope(_ place: Int) -> Float {
                Float((exp(Double(scores[place]) - norm) - (place == gold ? 1 : 0)) * Double(dy[word]))
            }
            targets[2]?[word] += slope(0)
            for (place, other) in words.enumerated() where other != word {
                let g = slope(place + 1)
                if let dq = targets[0] {
                    run.kernels.pointee.add(dq + word * width, k + other * width, width, g, true)
                }
                if let dk = targets[1] {
                    run.kernels.pointee.add(dk + other * width, q + word * width, width, g, true)
                }
            }
        }
    }
}
