import Foundation
import Reporting
import Tasks

/// A comparison's outcome in numbers and words.
struct AblationReport {
    let plan: AblationPlan
    let columns: [AblationColumn]
    let results: [Arm: [ArmResult]]
    var calibration: ComparisonReport.Calibration?
    let model: String
    let seconds: Double
    let provenance: [Setting]

    private var tasks: [ExperimentTask] {
        columns.map(\.task).reduce(into: []) { all, task in
            if !all.contains(where: { $0 === task }) { all.append(task) }
        }
    }

    func build() -> ComparisonReport {
        let scores = scores
        let findings = AblationFindings(plan: plan, columns: columns, results: results, scores: scores)
        var report = ComparisonReport(
            title: "Adapters, fusion and fine-tuning on \(Human.count(tasks.count, "task"))",
            summary: [summary],
            arms: plan.arms.map {
                ComparisonReport.Arm($0.id, label: $0.label(tasks), family: $0.kind.family, isShared: $0.isShared)
            },
            tasks: columns.map { column in
                ComparisonReport.Task(
                    column.id, label: column.task.name,
                    note: "\(Human.count(column.size ?? column.task.data.train.count)) training, "
                        + "\(Human.count(column.task.data.test.count, "test text")), "
                        + "\(Self.size(column.task.data))\(remarks(column.task.data))",
                    size: column.size)
            },
            rows: columns.indices.flatMap { c in
                plan.arms.compactMap { arm in
                    results[arm].flatMap { $0[c].answers.isEmpty ? nil : row(c, arm, $0[c], scores) }
                }
            },
            verdicts: AblationVerdict(findings: findings, calibration: calibration).sentences(),
            facts: [
                Setting("model", model), Setting("seeds", "\(plan.seeds.count)"),
                Setting("time", Human.duration(seconds)),
            ],
            settings: settings,
            provenance: provenance,
            method: method + grouped + tooFew(scores),
            curves: curves)
        report.means = findings.means
        report.comparisons = findings.comparisons
        report.gains = findings.gains
        report.calibration = calibration
        report.attention = attention
        return report
    }

    private var method: String {
        let texts = "95 % intervals of the mean over seeds and test texts"
        let noise =
            plan.seeds.count > 1
            ? "texts are resampled 1,000 times, and the seeds' own variance is added with a t distribution"
            : "1,000 resamples of the texts; one seed says nothing of how much other seeds would differ"
        return
            "Intervals: \(texts) (\(noise)). Comparisons between arms are paired on the same resamples and seeds."
            + (plan.sizes.isEmpty ? "" : " Each seed also draws its own training texts of that number.")
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
        let few = columns.indices.filter { !scores.hasEnoughUnits($0) }.map { columns[$0].id }
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
            columns.enumerated().map { c, column in
                let answers = results.compactMapValues { $0[c].answers.isEmpty ? nil : $0[c].answers }
                let first = plan.arms.lazy.compactMap { answers[$0]?.first }.first
                return .init(
                    groups: column.task.testGroups,
                    metrics: first.map { Metrics.standard.displayed($0, own: column.task.metric) }
                        ?? [column.task.metric],
                    answers: answers)
            },
            systems: plan.arms.sorted { $0.id < $1.id }, .apart)
    }

    private func row(_ c: Int, _ arm: Arm, _ result: ArmResult, _ scores: PairedScores<Arm>) -> ComparisonReport.Row {
        let column = columns[c]
        let test = column.task.data.test
        return ComparisonReport.Row(
            task: column.id, arm: arm.id, size: column.size,
            scores: scores.columns[c].metrics.map { metric in
                .init(
                    metric.name, scores.score(arm, c, metric).map { Estimate($0) } ?? Estimate(.nan),
                    scores.standing(arm, c, metric))
            },
            trainableParameters: result.trainableParameters, bytesPerExtraTask: result.bytesPerExtraTask,
            tokensPerSecond: result.seconds > 0 ? Double(result.tokens) / result.seconds : nil,
            trainingTokens: result.tokens, cumulativeTokens: result.cumulativeTokens, learningRate: result.rates.first,
            seeds: max(result.answers.count, 1), examples: test.count(where: \.isScored),
            unknownLabels: test.count { $0.unknownLabel != nil },
            skipped: Dictionary(
                uniqueKeysWithValues: (column.task.data.skipped[.test] ?? []).counts.map { ($0.key.rawValue, $0.value) }
            ))
    }

    private var summary: String {
        let choice =
            plan.quick
            ? "Each trained arm uses one preset learning rate; a full comparison chooses the rate on dev."
            : "Each trained arm chooses its learning rate on dev from its own grid"
                + (plan.tunesOnce && plan.seeds.count > 1 ? ", with the first seed for all." : ".")
        let rows =
            tasks.allSatisfy(\.data.sampled.isEmpty)
            ? "" : " Large splits are sampled (see Settings); every arm uses the same rows."
        let epochs = plan.arms.compactMap { arm in arm.epochs.map { "\(arm.label(tasks)): \($0)" } }
        return
            "Every trained arm uses the same training tokens of each task: \(Human.count(plan.settings.epochs, "epoch"))"
            + (epochs.isEmpty ? "" : " (\(epochs.joined(separator: ", ")))") + ", texts truncated to "
            + "\(plan.settings.maxLength) tokens. \(pooling) Each keeps its best epoch on dev. "
            + choice
            + rows
            + own
            + units
    }

    private var pooling: String {
        plan.arms.contains(.probe)
            ? "All arms that are trained in steps use the same pooling; the linear probe uses the mean."
            : "All arms use the same pooling."
    }

    /// What differs between arms beside what they train.
    private var own: String {
        (plan.arms.contains(.head) ? " For the head alone the encoder drops nothing, since its output is kept." : "")
            + (plan.arms.contains { $0.kind == AutoArm.self }
                ? " The automatic composition may use the other tasks' adapters"
                    + (plan.sizes.count > 1 ? " of the largest size" : "")
                    + ", and has its own schedule, rates and budget." : "")
            + (plan.arms.contains { $0.kind == MultitaskThenSingleArm.self }
                ? " Multi-task, then single has the tokens of the multi-task adapter, and then its own." : "")
    }

    /// What a mean over tasks is where their metrics are not of one kind.
    private var units: String {
        guard !tasks.allSatisfy({ $0.metric.isShare }), Set(tasks.map { $0.metric.name }).count > 1 else { return "" }
        let choice =
            plan.quick || !plan.arms.contains(where: \.isShared)
            ? "" : "A multi-task arm's rate is the one with the best mean of standardized dev scores. "
        return
            " The tasks' metrics have different units. \(choice)Means over tasks add them as they are, errors negated."
    }

    private var settings: [Setting] {
        [
            Setting("adapter", plan.configuration.json), Setting("training", plan.settings.json),
        ]
            + plan.arms.filter(\.isShared).map { arm in
                Setting(
                    "mixing of \(arm.label(tasks))",
                    "scheduler \(arm.scheduler ?? plan.scheduler), loss weights \(arm.balancer), "
                        + "batches of \(arm.mix == .within ? "several tasks" : "one task")"
                        + (arm.taskCap.map { ", tasks count as at most \($0) examples" } ?? ""))
            }
            + plan.arms.compactMap { arm in
                arm.configuration.map { Setting("adapter of \(arm.label(tasks))", $0.json) }
            }
            + tasks.filter { !$0.data.sampled.isEmpty }.map {
                Setting("rows of \($0.name)", $0.data.samplingWords.joined(separator: "; "))
            } + [
                Setting(
                    "learning rates",
                    plan.arms.compactMap { arm in
                        let rates = arm.rates(quick: plan.quick)
                        return rates.isEmpty
                            ? nil : "\(arm.label(tasks)): \(rates.map { "\($0)" }.joined(separator: ", "))"
                    }.joined(separator: "; "))
            ]
    }

    /// What fusions attend to, in the mean over seeds: a map for each arm and size.
    private var attention: [ComparisonReport.Attention] {
        plan.columns.flatMap { size in
            plan.arms.compactMap { arm -> ComparisonReport.Attention? in
                let rows = columns.indices.filter { columns[$0].size == size }.compactMap { c in
                    results[arm].map { (name: columns[c].task.name, shares: $0[c].attention) }
                }.filter { !$0.shares.isEmpty }
                guard !rows.isEmpty else { return nil }
                let adapters = Set(rows.flatMap { $0.shares.flatMap(\.keys) }).sorted()
                return ComparisonReport.Attention(
                    arm: arm.id, size: size, tasks: rows.map(\.name), adapters: adapters,
                    shares: rows.map { row in
                        adapters.map { name in
                            row.shares.reduce(0) { $0 + ($1[name] ?? 0) } / Double(row.shares.count)
                        }
                    })
            }
        }
    }

    private var curves: [LineChart] {
        columns.enumerated().map { c, column in
            LineChart(
                title: "Training loss, \(column.task.name)" + (column.size.map { ", \($0) texts" } ?? ""),
                x: "fraction of the training", y: "loss",
                series: plan.arms.filter { $0.isTrained && !$0.isShared }.compactMap { arm in
                    guard let losses = results[arm]?[c].losses, losses.count > 1 else { return nil }
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
