import Foundation

/// The most probable tree over the words of each sequence, and the most probable label of each of its arcs.
///
/// The tree has the largest sum of log softmax(s_i)_h with one word at the root (`SpanningTree`). y: [words, 3]: the head's
/// place among the sequence's words, from 1, or 0 for the root; the label; and the probability of both, softmax of the head
/// times softmax of the label. It is not differentiable: a loss reads the scores themselves.
package final class BestTrees: Operation {
    private let arcs: BiaffineArcs
    private let labels: BiaffineLabels
    package let output: Value

    /// Columns of the output.
    package static let width = 3

    package init(_ arcs: BiaffineArcs, _ labels: BiaffineLabels, in builder: PlanBuilder) {
        precondition(arcs.queries.rows == labels.queries.rows, "arcs and labels of different words")
        self.arcs = arcs
        self.labels = labels
        output = builder.value(arcs.queries.rows, Self.width)
    }

    package var inputs: [Value] { arcs.inputs + labels.inputs }

    package func forward(_ run: SliceRun) {
        let y = run.values(output)
        for words in run.sequences(of: output) {
            let count = words.count
            var logs = [Double](repeating: -.infinity, count: count * (count + 1))
            let scores = run.scratch(max(count + 1, labels.count))
            for word in words {
                let place = word - words.lowerBound
                arcs.scores(of: word, among: words, run, into: scores)
                scores[place + 1] = -.infinity
                let norm = CrossEntropy.logSum(scores, count + 1)
                for head in 0...count { logs[place * (count + 1) + head] = Double(scores[head]) - norm }
            }
            for (place, head) in SpanningTree.heads(logs, words: count).enumerated() {
                let word = words.lowerBound + place
                labels.logits(of: word, head: head == 0 ? nil : words.lowerBound + head - 1, run, into: scores)
                let label = (0..<labels.count).reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
                let share = Double(scores[label]) - CrossEntropy.logSum(scores, labels.count)
                y[word * Self.width] = Float(head)
                y[word * Self.width + 1] = Float(label)
                y[word * Self.width + 2] = Float(exp(logs[place * (count + 1) + head] + share))
            }
        }
    }

    /// Nothing flows back; whoever else reads the inputs adds to what stands there.
    package func backward(_ run: SliceRun) { _ = run.clearedGradients(inputs) }
}
