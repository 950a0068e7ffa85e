import Models
import Numerics
import Tasks

/// One head's predictions: the same plan as in training, without what only training needs.
package final class Evaluator {
    private let plan: HeadPlan
    private let task: Int
    private let workspace: Workspace
    private let labels: Int

    /// Tokens of a batch: enough for the slices to fill the threads.
    private static let batchTokens = 4096

    package init(_ network: Network, head: Int, workspace: Workspace) throws {
        plan = try network.plan(head: head, trains: false)
        labels = network.arrangement.heads[head].head.labels.count
        task = head
        self.workspace = workspace
    }

    /// Class probabilities and loss of each example, in order: `body(example, probabilities, loss)`.
    package func forEach(_ examples: EncodedExamples, _ body: (Int, UnsafeBufferPointer<Float>, Double) -> Void) {
        var results = [Float](repeating: 0, count: examples.count * labels)
        var losses = [Double](repeating: 0, count: examples.count)
        // By length, so that no slice waits for one long text; results go back to their places
        let order = (0..<examples.count).sorted { (examples.length($0), $0) < (examples.length($1), $1) }
        for indices in examples.batches(order, policy: .tokens(Self.batchTokens)) {
            let batch = examples.batch(indices, task: task)
            let run = plan.plan.run(batch, workspace: workspace)
            let (logits, loss) = (run.values(plan.logits), run.values(plan.loss))
            let labelled = indices.reduce(0) { $0 + (examples.labels[$1] >= 0 ? 1 : 0) }
            for (row, i) in indices.enumerated() {
                losses[i] = Double(loss[row]) * Double(labelled)  // the plan's losses are shares of the batch's mean
                results.withUnsafeMutableBufferPointer { all in
                    guard let base = all.baseAddress else { return }
                    let p = base + i * labels
                    for c in 0..<labels { p[c] = logits[row * labels + c] }
                    workspace.softmax(p, count: labels)
                }
            }
        }
        results.withUnsafeBufferPointer { all in
            for i in 0..<examples.count {
                body(i, UnsafeBufferPointer(rebasing: all[i * labels..<(i + 1) * labels]), losses[i])
            }
        }
    }

    /// Scores examples.
    /// - Parameters:
    ///   - metric: the task's own
    ///   - names: the head's labels
    package func evaluate(_ examples: EncodedExamples, metric: any Metric.Type, names: [String]) -> Evaluation {
        var predicted: [Int] = []
        var losses: [Double] = []
        predicted.reserveCapacity(examples.count)
        losses.reserveCapacity(examples.count)
        forEach(examples) { _, probabilities, loss in
            predicted.append(Self.best(probabilities))
            losses.append(loss)
        }
        let gold = GoldLabels(labels: examples.labels, unknownLabels: examples.unknownLabels, names: names)
        return Evaluation(predicted: predicted, gold: gold, losses: losses, metric: metric)
    }

    /// The most likely class; of equal ones the first.
    package static func best(_ probabilities: some Collection<Float>) -> Int {
        var (best, index) = (-Float.infinity, 0)
        for (i, p) in probabilities.enumerated() where p > best { (best, index) = (p, i) }
        return index
    }
}
