import Foundation
import Models
import Numerics
import Tasks

/// A task as the training loop sees it: what it is trained for, and its encoded splits.
package struct TrainingTask {
    package let name: String
    package let objective: any Objective
    package let train: EncodedExamples
    package let dev: EncodedExamples

    package init(name: String, objective: any Objective, train: EncodedExamples, dev: EncodedExamples) {
        self.name = name
        self.objective = objective
        self.train = train
        self.dev = dev
    }
}

/// News of a run.
package enum TrainingEvent: Sendable {
    case started(steps: Int, tokens: Int)
    /// Goes on from a checkpoint.
    case resumed(done: Int, of: Int)
    case step(done: Int, of: Int, loss: Double, tokens: Int)
    /// A step came to no number and is left out.
    case skipped(step: Int, found: String)
    /// Something that a user should know, and that stops nothing.
    case warning(String)
    case epoch(Int, dev: [String: Evaluation], best: Bool)
    case finished
}

/// What a run was and reached.
package struct TrainingResult: Sendable {
    package var steps = 0
    /// Epochs that were run.
    package var epochs = 0
    /// Real tokens that were trained on.
    package var tokens = 0
    /// Seconds spent in steps, evaluation apart.
    package var seconds = 0.0
    /// Dev scores of the state that was kept, by task.
    package var dev: [String: Evaluation] = [:]
    /// Steps that came to no number and were left out.
    package var skipped = 0
    /// Loss of each step, those that were left out apart.
    package var losses: [Double] = []
    package var tokensPerSecond: Double { seconds > 0 ? Double(tokens) / seconds : 0 }
}

/// The one training loop: single tasks are multi-task training with one task.
package final class Trainer {
    let network: Network
    let tasks: [TrainingTask]
    let settings: TrainingSettings
    private let scheduler: any TaskScheduler.Type
    let workspace: Workspace
    private let observe: (TrainingEvent) -> Void
    let plans: [LossPlan]
    private let scorers: [(EncodedExamples) -> [String: Evaluation]]

    /// - Throws: `TrainingError` for settings out of range or a task without examples.
    package init(
        _ network: Network, tasks: [TrainingTask], settings: TrainingSettings,
        scheduler: any TaskScheduler.Type = TaskSchedulers.builtIn[0], workspace: Workspace,
        observe: @escaping (TrainingEvent) -> Void = { _ in }
    ) throws {
        try settings.validate()
        for task in tasks where task.train.count == 0 {
            throw TrainingError.noExamples(task: task.name, split: "train")
        }
        self.network = network
        self.tasks = tasks
        self.settings = settings
        self.scheduler = scheduler
        self.workspace = workspace
        self.observe = observe
        plans = try tasks.map { try $0.objective.plan(network, settings: settings) }
        scorers = try tasks.map { try $0.objective.scorer(network, workspace: workspace) }
    }

    private struct Step {
        let task: Int
        let examples: [Int]
        let epoch: Int
    }

    /// Every step of the run, known before it starts: a function of the settings and the data.
    private func schedule() -> [Step] {
        let seed = UInt64(settings.seed)
        // Each task's own batches over all epochs, each epoch in an order of its own
        let batches = tasks.enumerated().map { t, task -> [(epoch: Int, examples: [Int])] in
            (0..<settings.epochs).flatMap { epoch in
                let order = Randomness.permutation(
                    task.train.count, key: Randomness.key(seed, Randomness.hash(task.name), UInt64(epoch)))
                return task.train.batches(order, policy: settings.batch).map { (epoch, $0) }
            }
        }
        guard tasks.count > 1 else { return batches[0].map { Step(task: 0, examples: $0.examples, epoch: $0.epoch) } }
        // Epoch by epoch, so that an epoch means the same for all tasks
        var steps: [Step] = []
        var next = [Int](repeating: 0, count: tasks.count)
        for epoch in 0..<settings.epochs {
            let counts = batches.map { $0.reduce(0) { $0 + ($1.epoch == epoch ? 1 : 0) } }
            for t in scheduler.order(batches: counts, key: Randomness.key(seed, 0x5C4E_D01E, UInt64(epoch))) {
                let batch = batches[t][next[t] % batches[t].count]
                next[t] += 1
                steps.append(Step(task: t, examples: batch.examples, epoch: epoch))
            }
        }
        return steps
    }

    private var hasDev: Bool { tasks.contains { $0.dev.count > 0 } }

    /// Whether dev decides which epoch's parameters are kept.
    var keepsBest: Bool { settings.keep == .best && hasDev }

    /// Whether dev is scored after each epoch: to keep the best one, or to stop early.
    private var judges: Bool { keepsBest || (settings.patience > 0 && hasDev) }

    /// A run's moving parts.
    private struct Run {
        let steps: [Step]
        let optimizer: AdamW
        let schedule: any LearningRateSchedule.Type
        var state = TrainingState()
        /// Parameters of the best epoch; one for the whole run: of all weights it is large.
        var best: AlignedBuffer?
        /// Whether the checkpoint's file is of this run.
        var isKept = false

        /// Whether the last step ended its epoch.
        var endsEpoch: Bool {
            state.step > 0
                && (state.step == steps.count || steps[state.step].epoch != steps[state.step - 1].epoch)
        }
        var epoch: Int { state.step > 0 ? steps[state.step - 1].epoch : 0 }
    }

    /// Trains; the network's parameters end as the state that is kept.
    /// - Parameters:
    ///   - keeping: nil: no checkpoints.
    ///   - identity: of this run, for its checkpoint.
    /// - Throws: `TrainingError.notFinite`, `.stopped`, `.checkpoint`, `FileError` of the checkpoint
    package func run(_ keeping: CheckpointSettings? = nil, identity: RunIdentity? = nil) throws
        -> TrainingResult
    {
        var adamw = AdamW.Settings()
        adamw.decay = Float(settings.weightDecay)
        adamw.decaysAll = settings.decaysAll
        var run = Run(
            steps: schedule(), optimizer: AdamW(network.parameters, settings: adamw, pool: workspace.pool),
            schedule: LearningRateSchedules.named(settings.schedule) ?? LearningRateSchedules.builtIn[0])
        let checkpoint = keeping.flatMap { keeping in
            identity.map {
                Checkpoint(url: keeping.url, identity: $0, parameters: network.parameters, optimizer: run.optimizer)
            }
        }
        let planned = run.steps.reduce(0) { sum, step in
            sum + step.examples.reduce(0) { $0 + tasks[step.task].train.length($1) }
        }
        observe(.started(steps: run.steps.count, tokens: planned))
        if settings.patience > 0, !hasDev {
            observe(.warning("no dev split, so --patience has no effect: all epochs run"))
        }
        if keeping?.resumes == true, let kept = try checkpoint?.restore() {
            guard kept.state.step <= run.steps.count else {
                throw TrainingError.checkpoint(
                    file: checkpoint?.url.path ?? "",
                    problem: "the checkpoint is past the last step of this run; start over without --resume")
            }
            (run.state, run.best) = kept
            run.isKept = true
            observe(.resumed(done: run.state.step, of: run.steps.count))
        }
        var written = DispatchTime.now().uptimeNanoseconds
        while true {
            if keeping?.stops() == true {
                try checkpoint?.write(run.state, best: run.best)
                throw TrainingError.stopped(
                    step: run.state.step, of: run.steps.count, checkpoint: checkpoint?.url.path)
            }
            if run.endsEpoch, judges {
                if !run.state.judged { judge(&run) }
                if settings.patience > 0, let best = run.state.best, run.epoch - best.epoch >= settings.patience {
                    break
                }
            }
            guard run.state.step < run.steps.count else { break }
            try step(&run, checkpoint: checkpoint)
            if let keeping, let checkpoint {
                let now = DispatchTime.now().uptimeNanoseconds
                if Double(now - written) / 1e9 >= keeping.every {
                    try checkpoint.write(run.state, best: run.best)
                    run.isKept = true
                    written = DispatchTime.now().uptimeNanoseconds
                }
            }
        }
        if let best = run.best {
            network.parameters.values.update(from: best.floats, count: best.count)
        } else {
            run.state.result.dev = evaluateDev()
        }
        try checkEnd(run, checkpoint: checkpoint)
        observe(.finished)
        return run.state.result
    }

    private func step(_ run: inout Run, checkpoint: Checkpoint?) throws {
        let i = run.state.step
        let step = run.steps[i]
        let started = DispatchTime.now().uptimeNanoseconds
        let (task, key) = (tasks[step.task], Randomness.key(UInt64(settings.seed), UInt64(i)))
        let batch = task.objective.batch(
            step.examples, of: task.train, task: step.task, longest: .max, stepKey: key)
        let loss = plans[step.task].step(batch, workspace: workspace, stepKey: key)
        var trouble = loss.isFinite ? nil : "the loss is \(Self.word(loss))"
        if loss.isFinite {
            let rate =
                settings.learningRate
                * LearningRateSchedules.factor(run.schedule, step: i, total: run.steps.count, warmup: settings.warmup)
            let norm = run.optimizer.step(
                plans[step.task].plan.parameters, rate: Float(rate), clip: Float(settings.clip))
            if !norm.isFinite { trouble = "the gradient's norm is \(Self.word(norm))" }
        }
        if let trouble {
            guard settings.onNotFinite == .skip, run.state.skippedInARow + 1 < Self.mostSkippedInARow else {
                // Nothing was moved: the state is as good as it was before the step
                if let checkpoint, !run.isKept { try checkpoint.write(run.state, best: run.best) }
                throw TrainingError.notFinite(
                    NotFinite(
                        step: i + 1, task: tasks[step.task].name, found: trouble, examples: step.examples,
                        reason: reason(run), checkpoint: checkpoint?.url.path))
            }
            run.state.skippedInARow += 1
            run.state.result.skipped += 1
            observe(.skipped(step: i + 1, found: trouble))
        } else {
            run.state.skippedInARow = 0
            run.state.result.losses.append(loss)
        }
        run.state.result.seconds += Double(DispatchTime.now().uptimeNanoseconds - started) / 1e9
        run.state.result.tokens += batch.tokens
        run.state.result.steps = i + 1
        run.state.result.epochs = step.epoch + 1
        run.state.judged = false
        observe(
            .step(
                done: i + 1, of: run.steps.count, loss: run.state.result.losses.last ?? 0,
                tokens: run.state.result.tokens))
    }

    /// Scores dev at an epoch's end; where the best epoch is kept, copies the parameters if they are the best so far.
    private func judge(_ run: inout Run) {
        let dev = evaluateDev()
        // In a fixed order: the last bit of a sum depends on it
        let tasks = dev.sorted { $0.key < $1.key }.map(\.value)
        let score = tasks.reduce(0) { $0 + $1.score } / Double(max(dev.count, 1))
        let loss = tasks.reduce(0) { $0 + $1.loss } / Double(max(dev.count, 1))
        // Of equal scores the smaller loss, then the earlier epoch
        let better = run.state.best.map { score > $0.score || (score == $0.score && loss < $0.loss) } ?? true
        if better {
            if keepsBest {
                let count = network.parameters.count
                let copy = run.best ?? AlignedBuffer(count: count)
                copy.floats.update(from: network.parameters.values, count: count)
                run.best = copy
            }
            run.state.best = TrainingState.Best(score: score, loss: loss, epoch: run.epoch)
            run.state.result.dev = dev
        }
        run.state.judged = true
        observe(.epoch(run.epoch + 1, dev: dev, best: better))
    }

    // When a number is none

    /// So many steps without a number in a row, and skipping does not help any more.
    private static let mostSkippedInARow = 50

    /// The likely reason, from what is at hand.
    private func reason(_ run: Run) -> String {
        let losses = run.state.result.losses
        if let bad = network.parameters.parameters.first(where: { p in p.array.contains { !($0.magnitude < 1e5) } }) {
            return "the weights have become too large (\(bad.name)); lower --lr or raise --warmup"
        }
        if losses.isEmpty {
            return
                "no step has succeeded so far, so the learning rate is not the cause; look for extreme values in the model "
                + "or in the given adapters (amalgam inspect)"
        }
        let lowest = losses.min() ?? 0
        if let last = losses.last, last > 2 * lowest {
            return
                "the loss had already risen from \(Self.short(lowest)) to \(Self.short(last)); lower --lr or raise --warmup"
        }
        return
            "the loss was \(Self.short(losses.last ?? 0)) before; check these texts, or use --on-nan skip, which skips such "
            + "steps and counts them"
    }

    private static func word(_ number: Double) -> String { number.isNaN ? "nan" : "\(number)" }

    private static func short(_ loss: Double) -> String { String(format: "%.3g", loss) }

    /// The last step moved too: what is kept must be numbers.
    private func checkEnd(_ run: Run, checkpoint: Checkpoint?) throws {
        guard let bad = network.parameters.parameters.first(where: { p in !p.array.allSatisfy(\.isFinite) }) else {
            return
        }
        throw TrainingError.notFinite(
            NotFinite(
                step: run.state.step, task: tasks[0].name, found: "\(bad.name) is not finite", examples: [],
                reason: "lower --lr or raise --warmup", checkpoint: run.isKept ? checkpoint?.url.path : nil))
    }

    private func evaluateDev() -> [String: Evaluation] {
        var dev: [String: Evaluation] = [:]
        for (task, score) in zip(tasks, scorers) where task.dev.count > 0 {
            dev.merge(score(task.dev)) { first, _ in first }
        }
        return dev
    }
}
