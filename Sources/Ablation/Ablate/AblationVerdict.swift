import Reporting
import Tasks

/// The table in words: paired differences over all tasks, with their noise and costs.
struct AblationVerdict {
    let plan: AblationPlan
    let tasks: [ExperimentTask]
    let results: [Arm: [ArmResult]]
    /// Of each arm on each task.
    let scores: PairedScores<Arm>

    private var metrics: [any Metric.Type] { compared.map { tasks[$0].metric } }

    /// The metric of all tasks; nil if they differ.
    private var metric: (any Metric.Type)? {
        Set(metrics.map { $0.name }).count == 1 ? metrics.first : nil
    }

    private var metricName: String { metric?.name.metricWords ?? "score in the tasks' own metrics" }

    /// The tasks that can tell a difference from noise.
    private var compared: [Int] { tasks.indices.filter(scores.hasEnoughUnits) }

    /// Arms with a score on every task.
    private var scored: [Arm] {
        plan.arms.filter { arm in compared.allSatisfy { scores.isDefined(arm, $0) } }
    }

    /// The mean of an arm's scores over the tasks; larger is better.
    private func mean(_ arm: Arm) -> Double { scores.mean(arm, over: compared)?.value ?? .nan }

    private func shown(_ mean: Double) -> String { Human.score(metric?.isLowerBetter == true ? -mean : mean) }

    /// a − b, mean over the tasks; positive if a is better.
    private func difference(_ a: Arm, _ b: Arm) -> PointsDifference? {
        guard scored.contains(a), scored.contains(b) else { return nil }
        return scores.difference(a, b, over: compared)
    }

    private func label(_ arm: Arm) -> String { arm.label(tasks) }

    func sentences() -> [Verdict] {
        guard !compared.isEmpty else {
            return [
                Verdict(.note, "No conclusions: every task has too few test texts to tell a difference from noise.")
            ]
        }
        guard let best = scored.max(by: { mean($0) < mean($1) }) else { return [] }
        let equals = scored.filter { arm in arm != best && !(difference(best, arm)?.isAbove ?? true) }
        var verdicts = [
            Verdict(
                .better,
                "Best on average: \(label(best)) (mean \(metricName) \(shown(mean(best))))\(cost(best))"
                    + (equals.isEmpty
                        ? ". It is clearly better than every other arm."
                        : ". Within the noise of it: \(equals.map(label).joined(separator: ", "))."))
        ]
        if best.isTrained,
            let cheapest = ([best] + equals).filter(\.isTrained).min(by: { parameters($0) < parameters($1) }),
            cheapest != best
        {
            verdicts.append(
                Verdict(
                    .same,
                    "The cheapest of these is \(label(cheapest)): \(Human.count(parameters(cheapest), "parameter")) "
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
            if let d = difference(arm, .tfidf), !d.isAbove {
                let found =
                    d.isBelow
                    ? "\(label(arm)) is worse than \(label(.tfidf))"
                    : "\(label(arm)) is within the noise of \(label(.tfidf))"
                verdicts.append(
                    Verdict(
                        d.isBelow ? .worse : .same, "\(found): \(d.text). Try more epochs or a larger learning rate."))
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
            d.isAbove
                ? Verdict(.better, "\(yes): \(d.text).")
                : Verdict(
                    d.isBelow ? .worse : .same,
                    "\(no): \(d.text), \(d.isBelow ? "clearly worse" : "within the noise")."))
    }
}
