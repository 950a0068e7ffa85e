import Reporting
import Tasks

/// The findings in words: paired differences over all tasks, with their noise and costs.
struct AblationVerdict {
    let findings: AblationFindings
    var calibration: ComparisonReport.Calibration?

    private var plan: AblationPlan { findings.plan }
    private var scores: PairedScores<Arm> { findings.scores }

    func sentences() -> [Verdict] {
        let sizes = findings.sizes
        guard !sizes.isEmpty else {
            return [
                Verdict(.note, "No conclusions: every task has too few test texts to tell a difference from noise.")
            ]
        }
        return [calibrated].compactMap { $0 } + sizes.flatMap { best($0) }
            + findings.answers.map { sentence($0) } + transfer + tooWeak + [claims].compactMap { $0 }
    }

    /// ", with 200 training texts" where there are several sizes.
    private func at(_ size: Int?) -> String {
        guard let size, findings.plan.sizes.count > 1 else { return "" }
        return " with \(Human.count(size, "training text"))"
    }

    private func label(_ arm: Arm) -> String { arm.label(findings.tasks) }

    // MARK: - The statistics themselves

    private var calibrated: Verdict? {
        guard let calibration, !calibration.isSound else { return nil }
        return Verdict(
            .note,
            "Check of the statistics: a difference was found between an arm and itself in \(calibration.rejected) of "
                + "\(Human.count(calibration.comparisons, "comparison")); 5 % is what the intervals promise.")
    }

    private var claims: Verdict? {
        let seeds = plan.seeds.count
        guard plan.arms.contains(where: \.isTrained), seeds < AblationFindings.seedsOfAClaim else { return nil }
        return Verdict(
            .note,
            "\(seeds == 1 ? "With one seed" : "With \(seeds) seeds") these are hints: other seeds may say otherwise. Use at least "
                + "\(AblationFindings.seedsOfAClaim) seeds for a claim.")
    }

    // MARK: - The best

    private func best(_ size: Int?) -> [Verdict] {
        let compared = findings.compared(size)
        let scored = findings.scored(size)
        func mean(_ arm: Arm) -> Double { scores.mean(arm, over: compared)?.value ?? .nan }
        guard let best = scored.max(by: { mean($0) < mean($1) }) else { return [] }
        let metric = findings.metric(size)
        let shown = Human.score(metric?.isLowerBetter == true ? -mean(best) : mean(best))
        let equals = scored.filter { arm in
            arm != best && !(findings.difference(best, arm, size)?.isAbove ?? true)
        }
        var verdicts = [
            Verdict(
                .better,
                "Best on average\(at(size)): \(label(best)) (mean \(metric?.name.metricWords ?? "score in the tasks' own metrics") "
                    + "\(shown))\(cost(best, compared))"
                    + (equals.isEmpty
                        ? ". It is clearly better than every other arm."
                        : ". Within the noise of it: \(equals.map(label).joined(separator: ", "))."))
        ]
        func parameters(_ arm: Arm) -> Int { self.parameters(arm, compared) }
        if best.isTrained,
            let cheapest = ([best] + equals).filter(\.isTrained).min(by: { parameters($0) < parameters($1) }),
            cheapest != best
        {
            verdicts.append(
                Verdict(
                    .same,
                    "The cheapest of these is \(label(cheapest)): \(Human.count(parameters(cheapest), "parameter")) "
                        + "instead of \(Human.count(parameters(best)))"
                        + "\(bytes(cheapest, compared).map { ", \(Human.bytes($0)) per extra task" } ?? "")."))
        }
        return verdicts
    }

    private func cost(_ arm: Arm, _ columns: [Int]) -> String {
        guard arm.isTrained else { return "" }
        let storage =
            bytes(arm, columns).map { "\(Human.bytes($0)) per extra task" } ?? "retraining for each extra task"
        return ", at a cost of \(Human.count(parameters(arm, columns))) trained parameters and \(storage)"
    }

    private func parameters(_ arm: Arm, _ columns: [Int]) -> Int {
        findings.results[arm].flatMap { results in columns.map { results[$0].trainableParameters }.max() } ?? 0
    }

    private func bytes(_ arm: Arm, _ columns: [Int]) -> Int? {
        findings.results[arm].flatMap { results in columns.compactMap { results[$0].bytesPerExtraTask }.max() }
    }

    // MARK: - Questions

    private func sentence(_ answer: AblationFindings.Answer) -> Verdict {
        let d = answer.difference
        let text = "\(at(answer.size)): \(d.text)"
        if d.isAbove, answer.isFound { return Verdict(.better, answer.question.yes + text + ".") }
        if d.isAbove {
            return Verdict(
                .same, "\(answer.question.no)\(text), which is within the noise of so many comparisons.")
        }
        let isWorse = d.isBelow && answer.isFound
        return Verdict(
            isWorse ? .worse : .same,
            "\(answer.question.no)\(text), \(isWorse ? "clearly worse" : "within the noise").")
    }

    /// Which tasks gain from training on all tasks, and which lose.
    private var transfer: [Verdict] {
        plan.columns.flatMap { size in
            plan.arms.compactMap { arm -> Verdict? in
                let gains = findings.gains.filter { gain in
                    gain.shared == arm.id && findings.columns.contains { $0.id == gain.task && $0.size == size }
                }
                guard gains.count > 1 else { return nil }
                func named(_ gains: [ComparisonReport.Gain]) -> String {
                    gains.map { gain in
                        let name = findings.columns.first { $0.id == gain.task }?.task.name ?? gain.task
                        return "\(name) (\(gain.text))"
                    }.joined(separator: ", ")
                }
                let up = gains.filter(\.difference.isAbove)
                let down = gains.filter(\.difference.isBelow)
                let rest = gains.count - up.count - down.count
                guard !up.isEmpty || !down.isEmpty else {
                    return Verdict(
                        .note, "\(label(arm))\(at(size)): no task clearly gains or loses from the other tasks.")
                }
                let parts = [
                    up.isEmpty ? nil : "helps \(named(up))",
                    down.isEmpty ? nil : "hurts \(named(down)), which is negative transfer",
                    rest == 0 ? nil : "makes no clear difference on \(Human.count(rest, "other task"))",
                ].compactMap { $0 }
                return Verdict(
                    down.isEmpty ? .note : .worse,
                    "\(label(arm))\(at(size)): training on all tasks \(parts.joined(separator: "; ")).")
            }
        }
    }

    // MARK: - Beside the baseline

    private var tooWeak: [Verdict] {
        findings.sizes.flatMap { size in
            [Arm.adapter, .full, .fusion].compactMap { arm -> Verdict? in
                guard let d = findings.difference(arm, .tfidf, size), !d.isAbove else { return nil }
                let found =
                    d.isBelow
                    ? "\(label(arm)) is worse than \(label(.tfidf))"
                    : "\(label(arm)) is within the noise of \(label(.tfidf))"
                return Verdict(
                    d.isBelow ? .worse : .same,
                    "\(found)\(at(size)): \(d.text). Try more epochs or a larger learning rate.")
            }
        }
    }
}
