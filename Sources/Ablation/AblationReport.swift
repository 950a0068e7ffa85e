import Foundation
import Reporting
import Tasks

/// A comparison's outcome in numbers and words.
struct AblationReport {
    let plan: AblationPlan
    let tasks: [TaskData]
    let results: [Arm: [ArmResult]]
    let model: String
    let seconds: Double
    let kernels: String
    let threads: Int

    /// An arm's score on a task in one metric.
    typealias ArmScores = [Arm: ResampledScore]

    func build() -> ComparisonReport {
        var rows: [ComparisonReport.Row] = []
        var own: [Arm: [ResampledScore]] = [:]
        for (t, task) in tasks.enumerated() {
            let scores = scores(task, results.compactMapValues { $0[t].answers })
            for arm in plan.arms {
                guard let result = results[arm]?[t] else { continue }
                let undefined = ResampledScore(value: .nan, resampled: [])
                own[arm, default: []].append(scores.first?.arms[arm] ?? undefined)
                rows.append(row(task, arm, result, scores))
            }
        }
        return ComparisonReport(
            title: "Adapters, fusion and fine-tuning on \(tasks.count) tasks",
            summary: [summary],
            arms: plan.arms.map {
                ComparisonReport.Arm($0.rawValue, label: $0.label(tasks), family: $0.family, isShared: $0.isMultitask)
            },
            tasks: tasks.map {
                ComparisonReport.Task(
                    $0.definition.name,
                    note: "\(Human.count($0.train.count)) training, \(Human.count($0.test.count)) test texts, "
                        + "\(Self.size($0))\(remarks($0))")
            },
            rows: rows,
            verdicts: AblationVerdict(plan: plan, tasks: tasks, results: results, scores: own).sentences(),
            facts: [
                Setting("model", model), Setting("seeds", "\(plan.seeds.count)"),
                Setting("time", Human.duration(seconds)),
            ],
            settings: settings,
            provenance: [Setting("kernels", kernels), Setting("threads", "\(threads)")],
            method:
                "Intervals: 95 % percentile bootstrap over test examples, 1,000 resamples, mean over seeds. Comparisons "
                + "between arms are paired on the same resamples.\(grouped)",
            curves: curves)
    }

    /// Rows of the test split whose score a reader should know about.
    private func remarks(_ task: TaskData) -> String {
        let unknown = task.test.count { $0.unknownLabel != nil }
        let skipped = task.skipped[.test]?.count ?? 0
        return (unknown > 0 ? ", \(Human.count(unknown)) test texts with an unknown label (counted as wrong)" : "")
            + (skipped > 0 ? ", \(Human.count(skipped)) test rows skipped" : "")
    }

    private var grouped: String {
        tasks.contains { $0.test.contains { $0.group != nil } } ? " Rows of one group are resampled together." : ""
    }

    private static func size(_ task: TaskData) -> String {
        if !task.labels.isEmpty { return "\(task.labels.count) classes" }
        let outputs = task.train.lazy.compactMap { $0.payload?.answers }.first ?? 1
        return outputs == 1 ? "1 number" : "\(outputs) numbers"
    }

    /// The scores of all arms in each metric that the report shows, the task's own first.
    private func scores(
        _ task: TaskData, _ answers: [Arm: [any Answers]]
    ) -> [(metric: any Metric.Type, arms: ArmScores)] {
        let own = Metrics.standard[task.definition.metric] ?? Accuracy.self
        guard let first = answers.values.lazy.compactMap(\.first).first else { return [] }
        let metrics = Metrics.standard.displayed(first, own: own)
        let means = answers.filter { !$0.value.isEmpty }.mapValues { runs in
            SeededScores(groups: task.test.filter(\.isScored).map(\.group)).means(metrics, runs)
        }
        return metrics.enumerated().map { m, metric in (metric, means.mapValues { $0[m] }) }
    }

    private func row(
        _ task: TaskData, _ arm: Arm, _ result: ArmResult, _ scores: [(metric: any Metric.Type, arms: ArmScores)]
    ) -> ComparisonReport.Row {
        ComparisonReport.Row(
            task: task.definition.name, arm: arm.rawValue,
            scores: scores.map { metric, arms in
                guard let mine = arms[arm] else { return .init(metric.name, .init(.nan)) }
                let interval = mine.interval()
                return .init(
                    metric.name, .init(mine.value, Interval(interval.low, interval.high)),
                    Self.standing(of: arm, arms, metric))
            },
            trainableParameters: result.trainableParameters, bytesPerExtraTask: result.bytesPerExtraTask,
            tokensPerSecond: result.seconds > 0 ? Double(result.tokens) / result.seconds : nil,
            trainingTokens: result.tokens, cumulativeTokens: result.cumulativeTokens, learningRate: result.rates.first,
            seeds: max(result.answers.count, 1), examples: task.test.count(where: \.isScored),
            unknownLabels: task.test.count { $0.unknownLabel != nil },
            skipped: Dictionary(
                uniqueKeysWithValues: (task.skipped[.test] ?? []).counts.map { ($0.key.rawValue, $0.value) }))
    }

    /// Where an arm stands in one metric; the best in one need not be the best in another. Nil if the score is undefined.
    private static func standing(
        of arm: Arm, _ arms: ArmScores, _ metric: any Metric.Type
    ) -> ComparisonReport.Standing? {
        func criterion(_ score: ResampledScore) -> Double { metric.criterion(score.value) }
        let defined = arms.filter { !$0.value.value.isNaN }
        let best = defined.max {
            (criterion($0.value), $1.key.rawValue) < (criterion($1.value), $0.key.rawValue)
        }
        guard let best, let mine = defined[arm] else { return nil }
        if arm == best.key { return .best }
        let difference = metric.isLowerBetter ? mine - best.value : best.value - mine
        return difference.interval().low > 0 ? .below : .withinNoise
    }

    private var summary: String {
        let choice =
            plan.quick
            ? "Each trained arm uses one preset learning rate; a full comparison chooses the rate on dev."
            : "Each trained arm chooses its learning rate on dev from its own grid."
        let rows =
            tasks.allSatisfy(\.sampled.isEmpty)
            ? "" : " Large splits are sampled (see Settings); every arm uses the same rows."
        return
            "Every trained arm uses the same training tokens of each task: \(plan.settings.epochs) epochs, texts truncated to "
            + "\(plan.settings.maxLength) tokens. All arms use the same pooling. Each keeps its best epoch on dev. "
            + choice
            + rows
    }

    private var settings: [Setting] {
        [
            Setting("adapter", plan.configuration.json), Setting("training", plan.settings.json),
            Setting("scheduler", plan.scheduler),
        ]
            + tasks.filter { !$0.sampled.isEmpty }.map {
                Setting("rows of \($0.definition.name)", $0.samplingWords.joined(separator: "; "))
            } + [
                Setting(
                    "learning rates",
                    plan.arms.filter(\.isTrained).map { arm in
                        "\(arm.label(tasks)): \(plan.rates(arm).map { "\($0)" }.joined(separator: ", "))"
                    }.joined(separator: "; "))
            ]
    }

    private var curves: [LineChart] {
        tasks.enumerated().map { t, task in
            LineChart(
                title: "Training loss, \(task.definition.name)", x: "fraction of the training", y: "loss",
                series: plan.arms.filter { $0.isTrained && !$0.isMultitask }.compactMap { arm in
                    guard let losses = results[arm]?[t].losses, losses.count > 1 else { return nil }
                    return LineChart.Series(arm.label(tasks), points: Self.smoothed(losses))
                })
        }
    }

    /// Means over a twentieth of the run: single steps are noise to the eye.
    private static func smoothed(_ losses: [Double]) -> [LineChart.Point] {
        let parts = min(20, losses.count)
        return (0..<parts).map { i in
            let range = losses.count * i / parts..<losses.count * (i + 1) / parts
            let mean = losses[range].reduce(0, +) / Double(max(range.count, 1))
            return LineChart.Point((Double(i) + 0.5) / Double(parts), mean)
        }
    }
}
