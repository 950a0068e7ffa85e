import Models
import Numerics
import Tasks

/// One label a text, by a head on the encoder.
struct Classification: Objective {
    let metric: any Metric.Type
    let classes: Int

    var criterion: String { metric.name }

    func plan(_ network: Network, head: Int, train: EncodedExamples, settings: TrainingSettings) throws -> LossPlan {
        try network.plan(
            head: head, trains: true, baseDropout: settings.baseDropout,
            headDropout: settings.headDropout.map { Float($0) },
            classWeights: settings.classWeights ? classWeights(train) : nil, smoothing: Float(settings.labelSmoothing)
        ).training
    }

    /// n / (classes · count), as scikit-learn's "balanced"
    private func classWeights(_ train: EncodedExamples) -> [Float] {
        var counts = [Int](repeating: 0, count: classes)
        for label in train.labels where label >= 0 { counts[Int(label)] += 1 }
        let total = counts.reduce(0, +)
        return counts.map { $0 == 0 ? 0 : Float(total) / Float(classes * $0) }
    }

    func batch(_ indices: [Int], of examples: EncodedExamples, task: Int, longest: Int, stepKey: UInt64) -> PackedBatch
    {
        examples.batch(indices, task: task, longest: longest)
    }

    func scorer(_ network: Network, head: Int, workspace: Workspace) throws -> (EncodedExamples) -> Evaluation {
        let evaluator = try Evaluator(network, head: head, workspace: workspace)
        let names = network.arrangement.heads[head].head.labels
        return { evaluator.evaluate($0, metric: metric, names: names) }
    }
}
