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

    private typealias Samples = (value: Double, resampled: [Double])

    func build() -> ComparisonReport {
        var rows: [ComparisonReport.Row] = []
        var own: [Arm: [Samples]] = [:]
        for (t, task) in tasks.enumerated() {
            let scores = SeededScores(GoldLabels(task.test, names: task.labels))
            let metric = Metrics.standard[task.definition.metric] ?? Accuracy.self
            var samples: [String: [Arm: Samples]] = [:]
            for arm in plan.arms {
                guard let result = results[arm]?[t] else { continue }
                for each in [Accuracy.self, MacroF1.self, metric] as [any Metric.Type] {
                    let all = samples[each.name]?[arm] ?? scores.samples(each, result.predictions)
                    samples[each.name, default: [:]][arm] = all
                }
                own[arm, default: []].append(samples[metric.name]?[arm] ?? (0, []))
            }
            for arm in plan.arms {
                guard let result = results[arm]?[t] else { continue }
                rows.append(row(task, arm, result, samples))
            }
        }
        return ComparisonReport(
            title: "Adapters, fusion and fine-tuning on \(tasks.count) tasks",
            summary: [summary],
            arms: plan.arms.map {
                ComparisonReport.Arm($0.rawValue, label: $0.label, family: $0.family, isShared: $0.isMultitask)
            },
            tasks: tasks.map {
                ComparisonReport.Task(
                    $0.definition.name,
                    note: "\(Human.count($0.train.count)) training, \(Human.count($0.test.count)) test texts, "
                        + "\($0.labels.count) classes\(remarks($0))")
            },
            rows: rows,
            verdicts: AblationVerdict(
                plan: plan, results: results, scores: own, metrics: Set(tasks.map(\.definition.metric))
            ).sentences(),
            facts: [
                Setting("model", model), Setting("seeds", "\(plan.seeds.count)"),
                Setting("time", Human.duration(seconds)),
            ],
            settings: settings,
            provenance: [Setting("kernels", kernels), Setting("threads", "\(threads)")],
            method:
                "Intervals: 95 % percentile bootstrap over test examples, 1,000 resamples, mean over seeds. Comparisons "
                + "between arms are paired on the same resamples.",
            curves: curves)
    }

    /// Rows of the test split whose score a reader should know about.
    private func remarks(_ task: TaskData) -> String {
        let unknown = task.test.count { $0.unknownLabel != nil }
        let skipped = task.skipped[.test]?.count ?? 0
        return (unknown > 0 ? ", \(Human.count(unknown)) test texts with an unknown label (counted as wrong)" : "")
            + (skipped > 0 ? ", \(Human.count(skipped)) test rows skipped" : "")
    }

    private func row(
        _ task: TaskData, _ arm: Arm, _ result: ArmResult, _ samples: [String: [Arm: Samples]]
    ) -> ComparisonReport.Row {
        let accuracy = samples[Accuracy.name] ?? [:]
        let macroF1 = samples[MacroF1.name] ?? [:]
        let own = samples[task.definition.metric] ?? [:]
        func estimate(_ samples: [Arm: Samples]) -> ComparisonReport.Estimate {
            guard let mine = samples[arm] else { return .init(.nan) }
            let interval = SeededScores.interval(mine.resampled)
            return .init(mine.value, Interval(interval.low, interval.high))
        }
        // Of each score its own: the best in accuracy need not be the best in macro-F1
        func standing(_ samples: [Arm: Samples]) -> ComparisonReport.Standing? {
            let best = samples.max { ($0.value.value, $1.key.rawValue) < ($1.value.value, $0.key.rawValue) }
            guard let best, let mine = samples[arm] else { return nil }
            let difference = SeededScores.interval(zip(best.value.resampled, mine.resampled).map { $0 - $1 })
            return arm == best.key ? .best : difference.low > 0 ? .below : .withinNoise
        }
        return ComparisonReport.Row(
            task: task.definition.name, arm: arm.rawValue, accuracy: estimate(accuracy), macroF1: estimate(macroF1),
            standing: standing(accuracy), macroF1Standing: standing(macroF1),
            trainableParameters: result.trainableParameters,
            bytesPerExtraTask: result.bytesPerExtraTask,
            tokensPerSecond: result.seconds > 0 ? Double(result.tokens) / result.seconds : nil,
            trainingTokens: result.tokens, cumulativeTokens: result.cumulativeTokens, learningRate: result.rates.first,
            seeds: max(result.predictions.count, 1), metric: task.definition.metric, score: estimate(own),
            scoreStanding: standing(own), examples: task.test.count,
            unknownLabels: task.test.count { $0.unknownLabel != nil },
            skipped: Dictionary(
                uniqueKeysWithValues: (task.skipped[.test] ?? []).counts.map { ($0.key.rawValue, $0.value) }))
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
                        "\(arm.label): \(plan.rates(arm).map { "\($0)" }.joined(separator: ", "))"
                    }.joined(separator: "; "))
            ]
    }

    private var curves: [LineChart] {
        tasks.enumerated().map { t, task in
            LineChart(
                title: "Training loss, \(task.definition.name)", x: "fraction of the training", y: "loss",
                series: plan.arms.filter { $0.isTrained && !$0.isMultitask }.compactMap { arm in
                    guard let losses = results[arm]?[t].losses, losses.count > 1 else { return nil }
                    return LineChart.Series(arm.label, points: Self.smoothed(losses))
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
