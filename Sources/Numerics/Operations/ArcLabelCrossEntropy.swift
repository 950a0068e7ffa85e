import Foundation

/// loss[i] = −log softmax(s_i)_l: of each word, over the labels of the arc to its true head, with l the true label. One raw loss
/// a word; a word without a head or a label has loss 0.
///
/// s: see `BiaffineLabels`; the targets are `HeadTargets.Values.indices`: the head's place as `ArcCrossEntropy` has it, and the
/// label. y: [words, 1].
package final class ArcLabelCrossEntropy: Operation {
    private let labels: BiaffineLabels
    private let head: Int
    package let output: Value

    /// - Parameter head: whose targets in the batch it reads.
    package init(_ labels: BiaffineLabels, head: Int, in builder: PlanBuilder) {
        self.labels = labels
        self.head = head
        output = builder.value(labels.queries.rows, 1)
    }

    package var inputs: [Value] { labels.inputs }
    package var readInBackward: [Value] { labels.inputs }

    /// Calls `body` for each word with a target: its row, the row of its head (nil: the root), its logits and its label.
    private func forEachWord(
        _ run: SliceRun,
        _ body: (_ word: Int, _ head: Int?, _ logits: UnsafeMutablePointer<Float>, _ gold: Int) -> Void
    ) {
        guard case .indices(let targets, let width)? = run.batch.targets[head]?.values else { return }
        let first = run.range(output).lowerBound
        let logits = run.scratch(labels.count)
        for words in run.sequences(of: output) {
            for word in words {
                let (place, gold) = (Int(targets[(first + word) * width]), Int(targets[(first + word) * width + 1]))
                guard (0...words.count).contains(place), (0..<labels.count).contains(gold) else { continue }
                let head = place == 0 ? nil : words.lowerBound + place - 1
                labels.logits(of: word, head: head, run, into: logits)
                body(word, head, logits, gold)
            }
        }
    }

    package func forward(_ run: SliceRun) {
        let losses = run.values(output)
        losses.update(repeating: 0, count: run.rows(output))
        forEachWord(run) { word, _, logits, gold in
            losses[word] = Float(CrossEntropy.logSum(logits, labels.count) - Double(logits[gold]))
        }
    }

    package func backward(_ run: SliceRun) {
        let targets = run.clearedGradients(inputs)
        let (dy, width) = (run.outputGradient, labels.keys.width)
        let (q, k) = (run.values(labels.queries), run.values(labels.keys))
        forEachWord(run) { word, head, logits, gold in
            let norm = CrossEntropy.logSum(logits, labels.count)
            for label in 0..<labels.count {
                let g = Float((exp(Double(logits[label]) - norm) - (label == gold ? 1 : 0)) * Double(dy[word]))
                guard let head else {
                    targets[2]?[word * labels.count + label] += g
                    continue
                }
                let own = word * labels.queries.width + label * (width + 1)
                if let dq = targets[0] {
                    run.kernels.pointee.add(dq + own, k + head * width, width, g, true)
                    dq[own + width] += g
                }
                if let dk = targets[1] { run.kernels.pointee.add(dk + head * width, q + own, width, g, true) }
            }
        }
    }
}
