import Adapters
import Files
import Foundation
import Reporting
import Tasks
import Training

/// Trains every arm on every task with every seed and size, and reports.
package struct AblationExperiment {
    private let session: Session
    private let plan: AblationPlan
    private let tasks: [ExperimentTask]

    /// - Throws: `TaskError` for a task without test or dev rows; `TrainingError` for two tasks of one name, or a size that
    ///   no task has
    package init(_ plan: AblationPlan, session: Session, tasks: [TaskData]) throws {
        try Session.checkNames(tasks)
        for task in tasks {
            for split in [Split.test, .dev] where task[split].isEmpty { throw task.missing(split) }
        }
        self.session = session
        self.plan = plan
        self.tasks = tasks.map { ExperimentTask(plan.limited($0)) }
        for task in self.tasks {
            let count = task.data.train.count
            guard let size = plan.sizes.first(where: { $0 > count }) else { continue }
            throw TrainingError.setting(
                name: "--sizes", found: "\(size)",
                expected:
                    "at most \(count), the training texts of \(task.name): choose smaller sizes, or leave the task out"
            )
        }
    }

    /// Compares, and writes report.html, report.md, report.json and report.csv into the folder.
    /// - Parameter events: gets an event file for TensorBoard of each cell; nil: none are written
    package func run(
        in folder: URL, events: URL? = nil, _ environment: ExperimentEnvironment
    ) throws -> ComparisonReport {
        let started = Date()
        for task in tasks where !task.data.sampled.isEmpty {
            environment.tell(.message("\(task.name): \(task.data.samplingWords.joined(separator: "; "))"))
        }
        for arm in plan.arms {
            for task in tasks {
                guard let reason = arm.trained?.hindrance(task) else { continue }
                environment.tell(.warning("\(arm.label) is skipped on \(task.name): \(reason)", stage: nil))
            }
        }
        let runner = ExperimentRunner(folder: folder, environment)
        let benches = ArmBenches(plan, session: session, tasks: tasks)
        let columns = plan.columns.flatMap { size in tasks.map { AblationColumn($0, size: size) } }
        let runs = try self.runs(benches)
        let calibration = CalibrationRuns(plan, benches: benches)
        let checks = try calibration.cells()
        let cells = runs.map(\.cell) + checks
        try runner.announce(
            [
                Human.count(plan.arms.filter(\.isTrained).count, "trained arm"), Human.count(tasks.count, "task"),
                plan.sizes.count > 1 ? Human.count(plan.sizes.count, "size") : nil,
                Human.count(plan.seeds.count, "seed"),
                checks.isEmpty ? nil : Human.count(checks.count, "cell") + " of the calibration",
            ].compactMap { $0 }.joined(separator: ", "),
            cells)
        var results = baselines(benches, environment)
        let finished = try runner.run(cells)
        if let events { try finished.writeEvents(to: events) }
        for run in runs {
            for column in run.columns {
                results[run.arm, default: columns.map { _ in ArmResult() }][column].add(
                    run.cell, finished, task: columns[column].task.name, arm: run.arm)
            }
        }
        let report = AblationReport(
            plan: plan, columns: columns, results: results, calibration: try calibration.outcome(finished),
            model: session.model.name, seconds: Date().timeIntervalSince(started),
            provenance: environment.provenance(session)
        ).build()
        try report.write(to: folder)
        try AtomicFile.replace(folder.appendingPathComponent("report.csv"), with: Data(report.csv().utf8))
        return report
    }

    // MARK: - Cells

    /// A cell with its place in the comparison.
    struct Run {
        var arm: Arm
        /// Indices of the columns that it scores.
        var columns: [Int]
        var cell: Cell
    }

    /// Of every trained arm, size, seed and task; one for all tasks in a multi-task arm.
    func runs(_ benches: ArmBenches) throws -> [Run] {
        var runs: [Run] = []
        for (s, size) in plan.columns.enumerated() {
            for arm in plan.arms where arm.isTrained && arm.has(size: size) {
                for seed in plan.seeds(arm) {
                    let bench = benches.bench(seed: seed, size: size)
                    for group in bench.groups(arm) {
                        runs.append(
                            Run(
                                arm: arm, columns: group.map { s * tasks.count + $0 }, cell: try bench.cell(arm, group))
                        )
                    }
                }
            }
        }
        return runs
    }

    // MARK: - Without an encoder

    private func baselines(_ benches: ArmBenches, _ environment: ExperimentEnvironment) -> [Arm: [ArmResult]] {
        var results: [Arm: [ArmResult]] = [:]
        for arm in plan.arms where !arm.isTrained {
            environment.stage(arm.label(tasks), count: plan.columns.count * tasks.count, unit: "tasks") { i in
                let size = plan.columns[i / tasks.count]
                var result = ArmResult()
                // Each seed has training texts of its own; without a size all have the same
                for seed in size == nil ? [plan.seeds.first ?? 0] : plan.seeds(arm) where arm.has(size: size) {
                    let task = benches.bench(seed: seed, size: size).tasks[i % tasks.count]
                    if let answers = arm.baseline(task)?.answers(task.data, metric: task.metric) {
                        result.answers.append(answers)
                    }
                }
                results[arm, default: []].append(result)
            }
        }
        return results
    }
}
