import Foundation
import Reporting
import Tasks

/// A comparison's outcome in numbers and words.
struct AblationReport {
    let plan: AblationPlan
    let tasks: [ExperimentTask]
    let results: [Arm: [ArmResult]]
    let model: String
    let seconds: Double
    let provenance: [Setting]

    func build() -> ComparisonReport {
        let scores = scores
        return ComparisonReport(
            title: "Adapters, fusion and fine-tuning on \(Human.count(tasks.count, "task"))",
            summary: [summary],
            arms: plan.arms.map {
                ComparisonReport.Arm($0.rawValue, label: $0.label(tasks), family: $0.family, isShared: $0.isMultitask)
            },
            tasks: tasks.map {
                ComparisonReport.Task(
                    $0.name,
                    note:
                        "\(Human.count($0.data.train.count)) training, \(Human.count($0.data.test.count, "test text")), "
                        + "\(Self.size($0.data))\(remarks($0.data))")
            },
            rows: tasks.indices.flatMap { t in
                plan.arms.compactMap { arm in results[arm].map { row(t, arm, $0[t], scores) } }
            },
            verdicts: AblationVerdict(plan: plan, tasks: tasks, results: results, scores: scores).sentences(),
            facts: [
                Setting("model", model), Setting("seeds", "\(plan.seeds.count)"),
                Setting("time", Human.duration(seconds)),
            ],
            settings: settings,
            provenance: provenance,
            method:
                "Intervals: 95 % percentile bootstrap over test examples, 1,000 resamples, mean over seeds. Comparisons "
                + "between arms are paired on the same resamples.\(grouped)\(tooFew(scores))",
            curves: curves)
    }

    /// Rows of the test split whose score a reader should know about.
    private func remarks(_ task: TaskData) -> String {
        let unknown = task.test.count { $0.unknownLabel != nil }
        let skipped = task.skipped[.test]?.count ?? 0
        return (unknown > 0 ? ", \(Human.count(unknown, "test text")) with an unknown label (counted as wrong)" : "")
            + (skipped > 0 ? ", \(Human.count(skipped, "test row")) skipped" : "")
    }

    private var grouped: String {
        tasks.contains { $0.data.test.contains { $0.group != nil } } ? " Rows of one group are resampled together." : ""
    }

    private func tooFew(_ scores: PairedScores<Arm>) -> String {
        let few = tasks.indices.filter { !scores.hasEnoughUnits($0) }.map { tasks[$0].name }
        return few.isEmpty
            ? ""
            : " No intervals, marks or conclusions for \(few.joined(separator: ", ")): \(Bootstrap.tooFewWords)."
    }

    private static func size(_ task: TaskData) -> String {
        if !task.labels.isEmpty { return Human.count(task.labels.count, "class", "classes") }
        let outputs = task.train.lazy.compactMap { $0.payload?.answers }.first ?? 1
        return Human.count(outputs, "number")
    }

    /// The scores of all arms on each task, in the metrics that the report shows.
    private var scores: PairedScores<Arm> {
        PairedScores(
            tasks.enumerated().map { t, task in
                let answers = results.compactMapValues { $0[t].answers.isEmpty ? nil : $0[t].answers }
                let first = plan.arms.lazy.compactMap { answers[$0]?.first }.first
                return .init(
                    groups: task.testGroups,
                    metrics: first.map { Metrics.standard.displayed($0, own: task.metric) } ?? [task.metric],
                    answers: answers)
            },
            systems: plan.arms.sorted { $0.rawValue < $1.rawValue }, .apart)
    }

    private func row(_ t: Int, _ arm: Arm, _ result: ArmResult, _ scores: PairedScores<Arm>) -> ComparisonReport.Row {
        let test = tasks[t].data.test
        return ComparisonReport.Row(
            task: tasks[t].name, arm: arm.rawValue,
            scores: scores.columns[t].metrics.map { metric in
                .init(
                    metric.name, scores.score(arm, t, metric).map { Estimate($0) } ?? Estimate(.nan),
                    scores.standing(arm, t, metric))
            },
            trainableParameters: result.trainableParameters, bytesPerExtraTask: result.bytesPerExtraTask,
            tokensPerSecond: result.seconds > 0 ? Double(result.tokens) / result.seconds : nil,
            trainingTokens: result.tokens, cumulativeTokens: result.cumulativeTokens, learningRate: result.rates.first,
            seeds: max(result.answers.count, 1), examples: test.count(where: \.isScored),
            unknownLabels: test.count { $0.unknownLabel != nil },
            skipped: Dictionary(
                uniqueKeysWithValues: (tasks[t].data.skipped[.test] ?? []).counts.map { ($0.key.rawValue, $0.value) }))
    }

    private var summary: String {
        let choice =
            plan.quick
            ? "Each trained arm uses one preset learning rate; a full comparison chooses the rate on dev."
            : "Each trained arm chooses its learning rate on dev from its own grid."
        let rows =
            tasks.allSatisfy(\.data.sampled.isEmpty)
            ? "" : " Large splits are sampled (see Settings); every arm uses the same rows."
        return
            "Every trained arm uses the same training tokens of each task: \(Human.count(plan.settings.epochs, "epoch")), texts truncated to "
            + "\(plan.settings.maxLength) tokens. All arms use the same pooling. Each keeps its best epoch on dev. "
            + choice
            + rows
            + units
    }

    /// What a mean over tasks is where their metrics are not of one kind.
    private var units: String {
        guard !tasks.allSatisfy({ $0.metric.isShare }), Set(tasks.map { $0.metric.name }).count > 1 else { return "" }
        let choice =
            plan.quick || !plan.arms.contains(where: \.isMultitask)
            ? "" : "A multi-task arm's rate is the one with the best mean of standardized dev scores. "
        return
            " The tasks' metrics have different units. \(choice)Means over tasks add them as they are, errors negated."
    }

    private var settings: [Setting] {
        [
            Setting("adapter", plan.configuration.json), Setting("training", plan.settings.json),
            Setting("scheduler", plan.scheduler),
        ]
            + tasks.filter { !$0.data.sampled.isEmpty }.map {
                Setting("rows of \($0.name)", $0.data.samplingWords.joined(separator: "; "))
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
                title: "Training loss, \(task.name)", x: "fraction of the training", y: "loss",
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
