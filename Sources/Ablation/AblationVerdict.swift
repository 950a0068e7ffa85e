import Reporting
import Tasks

/// The table in words: paired differences over all tasks, with their noise and costs.
struct AblationVerdict {
    let plan: AblationPlan
    let tasks: [TaskData]
    let results: [Arm: [ArmResult]]
    /// Score of each arm on each task, in the task's own metric.
    let scores: [Arm: [ResampledScore]]

    private var metrics: [any Metric.Type] {
        tasks.map { Metrics.standard[$0.definition.metric] ?? Accuracy.self }
    }

    /// The metric of all tasks; nil if they differ.
    private var metric: (any Metric.Type)? {
        Set(metrics.map { $0.name }).count == 1 ? metrics.first : nil
    }

    private var metricName: String { metric?.name.metricWords ?? "score in the tasks' own metrics" }

    /// The mean of an arm's scores over the tasks; larger is better, NaN if one is undefined.
    private func mean(_ arm: Arm) -> Double {
        let values = zip(scores[arm] ?? [], metrics).map { score, metric in
            metric.isLowerBetter ? -score.value : score.value
        }
        return values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
    }

    /// Arms with a score on every task.
    private var scored: [Arm] { plan.arms.filter { !mean($0).isNaN } }

    private func shown(_ mean: Double) -> String { Human.score(metric?.isLowerBetter == true ? -mean : mean) }

    /// a − b, mean over the tasks, resampled within each; positive if a is better.
    private func difference(_ a: Arm, _ b: Arm) -> PointsDifference? {
        guard let left = scores[a], let right = scores[b], left.count == right.count, !mean(a).isNaN, !mean(b).isNaN
        else { return nil }
        let pairs = zip(zip(left, right), metrics).map { pair, metric in
            metric.isLowerBetter ? pair.1 - pair.0 : pair.0 - pair.1
        }
        // A resample on which a score is undefined does not count
        let count = pairs.map(\.resampled.count).min() ?? 0
        let share = 1 / Double(pairs.count)
        let interval = ResampledScore(
            value: mean(a) - mean(b),
            resampled: (0..<count).map { i in pairs.reduce(0) { $0 + $1.resampled[i] * share } }
        ).interval()
        return PointsDifference(
            value: interval.value, low: interval.low, high: interval.high,
            isShare: metrics.allSatisfy { $0.isShare })
    }

    private func label(_ arm: Arm) -> String { arm.label(tasks) }

    func sentences() -> [Verdict] {
        guard let best = scored.max(by: { mean($0) < mean($1) }) else { return [] }
        let equals = scored.filter { arm in arm != best && (difference(best, arm)?.low ?? 1) <= 0 }
        var verdicts = [
            Verdict(
                .better,
                "Best on average: \(label(best)) (mean \(metricName) \(shown(mean(best))))\(cost(best))"
                    + (equals.isEmpty
                        ? ". It is clearly better than every other arm."
                        : ". Within the noise of it: \(equals.map(label).joined(separator: ", "))."))
        ]
        if let cheapest = ([best] + equals).filter(\.isTrained).min(by: { parameters($0) < parameters($1) }),
            cheapest != best
        {
            verdicts.append(
                Verdict(
                    .same,
                    "The cheapest of these is \(label(cheapest)): \(Human.count(parameters(cheapest))) parameters "
                        + "instead of \(Human.count(parameters(best)))\(bytes(cheapest).map { ", \(Human.bytes($0)) per extra task" } ?? "")."
                ))
        }
        compare(
            .fusion, .adapter, into: &verdicts, yes: "Fusion beats the single adapter",
            no: "Fusion does not beat the single adapter")
        compare(
            .multitaskAdapter, .adapter, into: &verdicts, yes: "One adapter for all tasks beats one adapter per task",
            no: "One adapter for all tasks does not beat one adapter per task")
        compare(
            .adapter, .full, into: &verdicts, yes: "Adapters beat full fine-tuning",
            no: "Adapters do not beat full fine-tuning")
        compare(
            .multitaskFull, .full, into: &verdicts,
            yes: "Multi-task full fine-tuning beats single-task full fine-tuning",
            no: "Multi-task full fine-tuning does not beat single-task full fine-tuning")
        for arm in [Arm.adapter, .full, .fusion] {
            if let d = difference(arm, .tfidf), d.low <= 0 {
                let found =
                    d.isBelow
                    ? "\(label(arm)) is worse than \(label(.tfidf))"
                    : "\(label(arm)) is within the noise of \(label(.tfidf))"
                verdicts.append(
                    Verdict(.worse, "\(found): \(d.text). Try more epochs or a larger learning rate."))
            }
        }
        return verdicts
    }

    private func cost(_ arm: Arm) -> String {
        guard arm.isTrained else { return "" }
        let storage = bytes(arm).map { "\(Human.bytes($0)) per extra task" } ?? "retraining for each extra task"
        return ", at a cost of \(Human.count(parameters(arm))) trained parameters and \(storage)"
    }

    private func parameters(_ arm: Arm) -> Int { results[arm]?.map(\.trainableParameters).max() ?? 0 }
    private func bytes(_ arm: Arm) -> Int? { results[arm]?.compactMap(\.bytesPerExtraTask).max() }

    private func compare(_ a: Arm, _ b: Arm, into verdicts: inout [Verdict], yes: String, no: String) {
        guard let d = difference(a, b) else { return }
        verdicts.append(
            d.low > 0
                ? Verdict(.better, "\(yes): \(d.text).")
                : Verdict(
                    d.high < 0 ? .worse : .same,
                    "\(no): \(d.text), \(d.high < 0 ? "clearly worse" : "within the noise")."))
    }
}
