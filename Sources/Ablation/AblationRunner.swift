import Adapters
import Bundles
import Files
import Foundation
import Reporting
import Tasks
import Training

/// Outcome of an arm on a task: each seed's answers to the test split, and costs.
struct ArmResult {
    var answers: [any Answers] = []
    var trainableParameters = 0
    var bytesPerExtraTask: Int?
    var tokens = 0
    var seconds = 0.0
    var cumulativeTokens = 0
    var rates: [Double] = []
    var losses: [Double] = []
}

/// Trains every arm on every task with every seed; the learning rate is chosen on dev.
package final class AblationRunner {
    private let session: Session
    private let plan: AblationPlan
    private let tasks: [TaskData]
    private let store: RunStore
    private let progress: ProgressReporter
    private let checkpointEvery: Double
    private let stops: @Sendable () -> Bool
    private let memoryLimit: MemoryLimit?

    /// - Parameters:
    ///   - checkpointEvery: seconds between checkpoints of the training that runs.
    ///   - memoryLimit: a training that will take more is refused before its first step.
    ///   - stops: asked before every step: whether to end with `TrainingError.stopped`.
    package init(
        session: Session, plan: AblationPlan, tasks: [TaskData], folder: URL, progress: ProgressReporter,
        checkpointEvery: Double = 60, memoryLimit: MemoryLimit? = nil,
        stops: @escaping @Sendable () -> Bool = { false }
    ) throws {
        self.memoryLimit = memoryLimit
        self.checkpointEvery = checkpointEvery
        self.stops = stops
        for task in tasks {
            for split in [Split.test, .dev] where task[split].isEmpty { throw task.missing(split) }
        }
        self.session = session
        self.plan = plan
        self.tasks = tasks.map { plan.limited($0) }
        store = RunStore(folder: folder)
        self.progress = progress
    }

    /// Compares, and writes report.html, report.md and report.json into `folder`.
    package func run(folder: URL) throws -> ComparisonReport {
        let started = Date()
        try announce()
        var results: [Arm: [ArmResult]] = [:]
        for arm in plan.arms { results[arm] = try outcome(of: arm, adapters: results[.adapter]) }
        let report = AblationReport(
            plan: plan, tasks: tasks, results: results, model: session.model.name,
            seconds: Date().timeIntervalSince(started), kernels: session.kernels,
            threads: session.workspace.pool.threads
        ).build()
        try AtomicFile.replace(folder.appendingPathComponent("report.html"), with: Data(report.html().utf8))
        try AtomicFile.replace(folder.appendingPathComponent("report.md"), with: Data(report.markdown().utf8))
        try AtomicFile.replace(folder.appendingPathComponent("report.json"), with: Data(try report.json().utf8))
        return report
    }

    /// Says how long it will take: the speed of a few adapter steps, times the work.
    private func announce() throws {
        for task in tasks where !task.sampled.isEmpty {
            progress.message("\(task.definition.name): \(task.samplingWords.joined(separator: "; "))")
        }
        let tokens = try tasks.map {
            try session.encode($0.train, of: $0, maxLength: plan.settings.maxLength).tokens
        }
        let speed = try SpeedProbe.tokensPerSecond(session, on: tasks[0], plan.configuration, plan.settings)
        // A fifth more for scoring dev and test
        let seconds = plan.work(tokens: tokens) / speed * 1.2
        progress.message(
            "\(plan.arms.filter(\.isTrained).count) trained arms, \(tasks.count) tasks, \(plan.seeds.count) seeds: about "
                + "\(Human.duration(seconds)) in total at \(Human.count(Int(speed))) tokens/s; finished trainings are reused"
        )
    }

    private func outcome(of arm: Arm, adapters: [ArmResult]?) throws -> [ArmResult] {
        switch arm {
        case .majority, .tfidf:
            let label = arm.label(tasks)
            progress.stage(label, total: tasks.count, unit: "tasks")
            let results = tasks.enumerated().map { i, task in
                let baseline = arm.baseline(task)?.answers(task, metric: metric(task))
                progress.update(done: i + 1)
                return ArmResult(answers: baseline.map { [$0] } ?? [])
            }
            progress.finish()
            return results
        default: break
        }
        var results = tasks.map { _ in ArmResult() }
        for seed in plan.seeds {
            for group in arm.isMultitask ? [Array(tasks.indices)] : tasks.indices.map({ [$0] }) {
                let chosen = try best(arm, group, seed: seed)
                for t in group {
                    let name = tasks[t].definition.name
                    if let stored = chosen.run.answers[name] { results[t].answers.append(stored.answers) }
                    results[t].trainableParameters = chosen.run.trainableParameters
                    results[t].bytesPerExtraTask = arm.isMultitask ? nil : chosen.run.bytesPerTask
                    results[t].tokens += chosen.run.tokens
                    results[t].seconds += chosen.run.seconds
                    results[t].rates.append(chosen.rate)
                    results[t].losses = chosen.run.losses
                    results[t].cumulativeTokens += chosen.run.tokens
                }
            }
        }
        if arm == .fusion, let adapters {
            // Fusion stands on all the adapters that it fuses
            let before = adapters.reduce(0) { $0 + $1.tokens }
            for t in results.indices { results[t].cumulativeTokens += before }
        }
        return results
    }

    private func metric(_ task: TaskData) -> any Metric.Type {
        Metrics.standard[task.definition.metric] ?? Accuracy.self
    }

    private func best(_ arm: Arm, _ group: [Int], seed: Int) throws -> (run: StoredRun, rate: Double) {
        var best: (run: StoredRun, rate: Double)?
        for rate in plan.rates(arm) {
            let run = try train(arm, group, seed: seed, rate: rate)
            if best.map({ run.devScore > $0.run.devScore }) ?? true { best = (run, rate) }
        }
        guard let best else { throw TrainingError.mismatch("arm \(arm.rawValue) has no learning rate to try") }
        return best
    }

    private func name(_ arm: Arm, _ group: [Int], seed: Int, rate: Double) -> String {
        let task = arm.isMultitask ? "all" : Session.safeName(tasks[group[0]].definition.name)
        return "\(task).\(arm.rawValue).lr\(rate).seed\(seed)"
    }

    /// All that shapes a training, hashed.
    private func key(_ arm: Arm, _ group: [Int], _ settings: TrainingSettings) -> String {
        // A fusion depends on every task's adapter
        let needed = arm == .fusion ? Array(tasks.indices) : group
        var text =
            "\(BundleFile.creator) \(arm.rawValue) \(session.identity) \(plan.configuration.json) \(settings.json) "
        text += "\(settings.seed) \(plan.scheduler) \(session.kernels) \(plan.quick) \(group.count) "
        for t in needed {
            for split in Split.allCases {
                let bytes = CanonicalData.bytes(of: tasks[t][split], labels: tasks[t].labels)
                text += bytes.withUnsafeBytes { Digest.sha256($0) }
            }
            text += tasks[t].definition.name + tasks[t].definition.metric
        }
        return Digest.sha256(text + group.map { tasks[$0].definition.name }.joined(separator: ","))
    }

    private func settings(seed: Int, rate: Double) -> TrainingSettings {
        var settings = plan.settings
        settings.seed = seed
        settings.learningRate = rate
        return settings
    }

    private func train(_ arm: Arm, _ group: [Int], seed: Int, rate: Double) throws -> StoredRun {
        let settings = settings(seed: seed, rate: rate)
        let name = name(arm, group, seed: seed, rate: rate)
        let key = key(arm, group, settings)
        let keepsBundle = arm == .adapter
        if let run = store.load(name, key: key, needsBundle: keepsBundle) {
            progress.message("\(name): already finished")
            return run
        }
        let chosen = group.map { tasks[$0] }
        let recipe: Recipe =
            switch arm {
            case .head: .head
            case .fusion: try .fusion(fused(seed: seed), .dynamic)
            case .full, .multitaskFull: .full
            default: .adapter(plan.configuration, from: nil)
            }
        let label = "\(arm.label(tasks)), \(arm.isMultitask ? "all tasks" : chosen[0].definition.name)"
        let trained = try session.train(
            recipe, on: chosen, name: arm.isMultitask ? "shared" : chosen[0].definition.name, settings: settings,
            scheduler: TaskSchedulers.named(plan.scheduler) ?? TaskSchedulers.builtIn[0],
            keeping: CheckpointSettings(
                try store.checkpointFile(name, key: key), every: checkpointEvery, resumes: true, stops: stops),
            memoryLimit: memoryLimit
        ) { event in
            switch event {
            case .started(let steps, _): self.progress.stage(label, total: steps)
            case .step(let done, _, let loss, let tokens): self.progress.update(done: done, loss: loss, tokens: tokens)
            case .finished: self.progress.finish()
            case .resumed(let done, let steps):
                self.progress.message("\(name): resuming after step \(done) of \(steps)")
            case .warning(let text): self.progress.message("\(name): warning: \(text)")
            case .skipped, .epoch: break
            }
        }
        var run = StoredRun(
            devScore: trained.result.dev.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value.score }
                / Double(chosen.count),
            trainableParameters: trained.trainable, tokens: trained.result.tokens, seconds: trained.result.seconds,
            bytesPerTask: trained.trainable * 4, answers: [:], losses: trained.result.losses)
        for task in chosen {
            let predictor = try Predictor(session, bundle: trained.bundle, head: task.definition.name)
            run.answers[task.definition.name] =
                predictor.evaluate(task.test, metric: metric(task)).answers.map { StoredAnswers($0) }
        }
        try store.save(run, bundle: keepsBundle ? trained.bundle : nil, name, key: key)
        store.removeCheckpoint(name, key: key)
        return run
    }

    /// The seed's adapter of every task, at the rate that dev chose.
    private func fused(seed: Int) throws -> [AdapterBundle] {
        try tasks.indices.map { t in
            let chosen = try best(.adapter, [t], seed: seed)
            let settings = settings(seed: seed, rate: chosen.rate)
            return try BundleFile.read(
                store.bundleFile(
                    name(.adapter, [t], seed: seed, rate: chosen.rate), key: key(.adapter, [t], settings)))
        }
    }
}
