import Reporting

/// What the table says, in words: differences over all tasks, paired, with their noise and their cost.
struct AblationVerdict {
    let plan: AblationPlan
    let results: [Arm: [ArmResult]]
    /// Score of each arm on each task in the task's own metric: value, and value on each resample.
    let scores: [Arm: [(value: Double, resampled: [Double])]]

    /// Metrics of the tasks.
    let metrics: Set<String>

    private var metricName: String {
        metrics.count == 1 ? metrics.first?.metricWords ?? "score" : "score in the tasks' own metrics"
    }

    private func mean(_ arm: Arm) -> Double {
        let values = scores[arm]?.map(\.value) ?? []
        return values.reduce(0, +) / Double(max(values.count, 1))
    }

    /// a − b: mean over the tasks, resampled within each.
    private func difference(_ a: Arm, _ b: Arm) -> PointsDifference? {
        guard let left = scores[a], let right = scores[b], let count = left.first?.resampled.count else {
            return nil
        }
        let share = 1 / Double(left.count)
        let samples = (0..<count).map { i in
            zip(left, right).reduce(0) { $0 + ($1.0.resampled[i] - $1.1.resampled[i]) * share }
        }
        let interval = SeededScores.interval(samples)
        return PointsDifference(value: mean(a) - mean(b), low: interval.low, high: interval.high)
    }

    func sentences() -> [Verdict] {
        guard let best = plan.arms.max(by: { mean($0) < mean($1) }) else { return [] }
        let equals = plan.arms.filter { arm in arm != best && (difference(best, arm)?.low ?? 1) <= 0 }
        var verdicts = [
            Verdict(
                .better,
                "Best on average: \(best.label) (mean \(metricName) \(Human.score(mean(best))))\(cost(best))"
                    + (equals.isEmpty
                        ? ". It is clearly better than every other arm."
                        : ". Within the noise of it: \(equals.map(\.label).joined(separator: ", "))."))
        ]
        if let cheapest = ([best] + equals).filter(\.isTrained).min(by: { parameters($0) < parameters($1) }),
            cheapest != best
        {
            verdicts.append(
                Verdict(
                    .same,
                    "The cheapest of these is \(cheapest.label): \(Human.count(parameters(cheapest))) parameters "
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
                    ? "\(arm.label) is worse than TF-IDF + LR" : "\(arm.label) is within the noise of TF-IDF + LR"
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
