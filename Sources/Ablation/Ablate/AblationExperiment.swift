import Adapters
import Foundation
import Reporting
import Tasks
import Training

/// Trains every arm on every task with every seed, and reports.
package struct AblationExperiment {
    private let session: Session
    private let plan: AblationPlan
    private let tasks: [ExperimentTask]

    /// - Throws: `TaskError` for a task without test or dev rows; `TrainingError.mismatch` for two tasks of one name
    package init(_ plan: AblationPlan, session: Session, tasks: [TaskData]) throws {
        try Session.checkNames(tasks)
        for task in tasks {
            for split in [Split.test, .dev] where task[split].isEmpty { throw task.missing(split) }
        }
        self.session = session
        self.plan = plan
        self.tasks = tasks.map { ExperimentTask(plan.limited($0)) }
    }

    /// Compares, and writes report.html, report.md and report.json into the folder.
    package func run(in folder: URL, _ environment: ExperimentEnvironment) throws -> ComparisonReport {
        let started = Date()
        for task in tasks where !task.data.sampled.isEmpty {
            environment.tell(.message("\(task.name): \(task.data.samplingWords.joined(separator: "; "))"))
        }
        let runner = ExperimentRunner(folder: folder, environment)
        let runs = cells()
        let cells = runs.map(\.cell)
        try runner.announce(
            [
                Human.count(plan.arms.filter(\.isTrained).count, "trained arm"), Human.count(tasks.count, "task"),
                Human.count(plan.seeds.count, "seed"),
            ].joined(separator: ", "),
            cells)
        var results = baselines(environment)
        let finished = try runner.run(cells)
        for run in runs {
            for t in run.tasks {
                results[run.arm, default: tasks.map { _ in ArmResult() }][t].add(
                    run.cell, finished, task: tasks[t].name, isShared: run.arm.isMultitask)
            }
        }
        let report = AblationReport(
            plan: plan, tasks: tasks, results: results, model: session.model.name,
            seconds: Date().timeIntervalSince(started), provenance: environment.provenance(session)
        ).build()
        try report.write(to: folder)
        return report
    }

    // MARK: - Cells

    /// A cell with its place in the comparison.
    struct Run {
        var arm: Arm
        /// Indices of the tasks that it trains and scores.
        var tasks: [Int]
        var cell: Cell
    }

    /// Of every trained arm, seed and task; one for all tasks in a multi-task arm.
    func cells() -> [Run] {
        var adapters: [Int: [Cell]] = [:]
        for seed in plan.seeds { adapters[seed] = tasks.indices.map { cell(.adapter, [$0], seed: seed) } }
        return plan.arms.filter(\.isTrained).flatMap { arm in
            plan.seeds.flatMap { seed in
                (arm.isMultitask ? [Array(tasks.indices)] : tasks.indices.map { [$0] }).map { group in
                    let own = adapters[seed] ?? []
                    let cell = arm == .adapter ? own[group[0]] : cell(arm, group, seed: seed, adapters: own)
                    return Run(arm: arm, tasks: group, cell: cell)
                }
            }
        }
    }

    /// - Parameter adapters: the seed's adapter of every task, for the fusion.
    private func cell(_ arm: Arm, _ group: [Int], seed: Int, adapters: [Cell] = []) -> Cell {
        let recipe: CellRecipe =
            switch arm {
            case .head: .head
            case .fusion: .fusion(adapters.map { .cell($0) }, .dynamic)
            case .full, .multitaskFull: .full
            default: .adapter(plan.configuration)
            }
        let chosen = group.map { tasks[$0] }
        var settings = plan.settings
        settings.seed = seed
        let subject = arm.isMultitask ? "all tasks" : chosen[0].name
        var training = TaskTraining(recipe, on: chosen, scheduler: plan.scheduler)
        if arm.isMultitask { training.bundleName = "shared" }
        return Cell(
            "\(arm.isMultitask ? "all" : Session.safeName(subject)).\(arm.rawValue).seed\(seed)",
            label: "\(arm.label(tasks)), \(subject)" + (plan.seeds.count > 1 ? ", seed \(seed)" : ""), session: session,
            training: training, settings: settings, rates: .grid(plan.rates(arm)),
            scored: chosen.map { Cell.Scored($0.name, $0, head: $0.name) },
            // A later run may add the fusion
            keepsBundle: arm == .adapter)
    }

    // MARK: - Without an encoder

    private func baselines(_ environment: ExperimentEnvironment) -> [Arm: [ArmResult]] {
        var results: [Arm: [ArmResult]] = [:]
        for arm in plan.arms where !arm.isTrained {
            environment.stage(arm.label(tasks), count: tasks.count, unit: "tasks") { i in
                let answers = arm.baseline(tasks[i])?.answers(tasks[i].data, metric: tasks[i].metric)
                results[arm, default: []].append(ArmResult(answers: [answers].compactMap { $0 }))
            }
        }
        return results
    }
}
