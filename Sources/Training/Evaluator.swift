import Models
import Numerics
import Tasks

/// Scores of predictions on one split.
package struct Evaluation: Sendable, Equatable {
    package var examples = 0
    package var accuracy = 0.0
    package var macroF1 = 0.0
    /// Mean cross-entropy of the examples that have a label.
    package var loss = 0.0
    /// The task's own metric.
    package var score = 0.0
    /// Class of each example, in order.
    package var predictions: [Int] = []
}

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

    package func evaluate(_ examples: EncodedExamples, metric: any Metric.Type, classes: Int) -> Evaluation {
        var evaluation = Evaluation()
        evaluation.examples = examples.count
        var gold: [Int] = []
        var predicted: [Int] = []
        var loss = 0.0
        forEach(examples) { i, probabilities, exampleLoss in
            let best = probabilities.indices.max { (probabilities[$0], -$0) < (probabilities[$1], -$1) } ?? 0
            evaluation.predictions.append(best)
            guard examples.labels[i] >= 0 else { return }
            gold.append(Int(examples.labels[i]))
            predicted.append(best)
            loss += exampleLoss
        }
        guard !gold.isEmpty else { return evaluation }
        evaluation.loss = loss / Double(gold.count)
        evaluation.accuracy = Accuracy.value(predicted: predicted, gold: gold, classes: classes)
        evaluation.macroF1 = MacroF1.value(predicted: predicted, gold: gold, classes: classes)
        evaluation.score = metric.value(predicted: predicted, gold: gold, classes: classes)
        return evaluation
    }
}
