import Tasks

/// What a perturbation of a split's texts does to a head's score.
package struct PerturbedScore: Sendable {
    package let name: String
    /// How much worse the task's metric is, with its 95 % interval, paired over the same examples; a negative one is a
    /// gain. NaN if the metric is undefined.
    package let drop: Interval
    /// The metric on the changed texts.
    package let score: Double
    /// Examples of the split whose texts the perturbation does not change.
    package let unchanged: Int
    /// Scored examples.
    package let examples: Int
}

/// A perturbation's effect, or why there is none.
package enum PerturbedOutcome: Sendable {
    case scored(PerturbedScore)
    case skipped(name: String, reason: String)
}

extension Predictor {
    /// Scores a split's examples with their texts changed, each perturbation by itself. An answer is that of the unchanged
    /// example.
    /// - Parameters:
    ///   - base: what the head predicts for the unchanged examples
    ///   - seed: of the changes and of the intervals
    package func perturbed(
        _ base: SplitPredictions, by perturbations: [any Perturbation.Type], of task: PerturbedTask,
        metric: any Metric.Type, seed: UInt64
    ) -> [PerturbedOutcome] {
        let groups = base.scored.map { base.examples[$0].group }
        let bootstrap = ClusteredBootstrap([groups], seed: seed)
        let before = bootstrap.scores(metric, [base.answers])[0]
        return perturbations.map { perturbation in
            let examples: [Example]
            let count: Int
            switch perturbation.apply(to: base.examples, of: task) {
            case .skipped(let reason): return .skipped(name: perturbation.name, reason: reason)
            case .changed(let changed, let number): (examples, count) = (changed, number)
            }
            let predicted = predicted(examples)
            precondition(predicted.scored == base.scored, "a perturbation changes texts, not answers")
            let after = bootstrap.scores(metric, [predicted.answers])[0]
            var drop = (metric.isLowerBetter ? after - before : before - after).interval()
            if !Bootstrap.hasEnough(groups) { (drop.low, drop.high) = (.nan, .nan) }
            return .scored(
                PerturbedScore(
                    name: perturbation.name, drop: drop, score: after.value, unchanged: examples.count - count,
                    examples: groups.count))
        }
    }
}
