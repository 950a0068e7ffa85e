import Foundation
import Models
import Numerics

/// The one training loop: single tasks are multi-task training with one task.
package final class Trainer {
    let network: Network
    let tasks: [TrainingTask]
    let settings: TrainingSettings
    let balancer: any LossBalancer
    let workspace: Workspace
    let observe: (TrainingEvent) -> Void
    let plans: StepPlans
    /// What frozen layers give; nil: nothing is kept.
    let cache: ActivationCache?
    private let scheduler: any TaskScheduler.Type
    /// Each task's gradient by itself; nil: nothing asks for them.
    let gradients: TaskGradients?
    /// Steps between measurements of the cosines of the tasks' gradients; 0: none is measured.
    let cosinesEvery: Int
    /// For each task the parameters of its best epoch, with the dev scores that they had; filled when a run ends.
    private(set) var taskBest: [String: (values: AlignedBuffer, epoch: Int, dev: [String: Evaluation])] = [:]
    private var scorers: [(EncodedExamples) -> [String: Evaluation]] = []

    /// - Parameters:
    ///   - balancer: its tensors are among the network's
    ///   - activationCache: bytes that what frozen layers give may take; 0: it is computed in each step.
    ///   - sharing: where trainings of one model keep what its frozen layers give; nil: this one keeps by itself.
    ///   - cosinesEvery: steps between measurements of the cosines of the tasks' gradients; 0: none.
    /// - Throws: `TrainingError` for settings out of range, a task without examples, or tasks that cannot share a batch.
    package init(
        _ network: Network, tasks: [TrainingTask], settings: TrainingSettings,
        scheduler: any TaskScheduler.Type = TaskSchedulers.builtIn[0], balancer: any LossBalancer = EqualBalancer(),
        workspace: Workspace, activationCache: Int = ActivationCache.standardBytes,
        sharing: SharedActivations? = nil, cosinesEvery: Int = 0,
        observe: @escaping (TrainingEvent) -> Void = { _ in }
    ) throws {
        try settings.validate()
        for task in tasks where task.train.count == 0 {
            throw TrainingError.noExamples(task: task.name, split: "train")
        }
        guard !settings.keepsTaskBest || tasks.contains(where: { $0.dev.count > 0 }) else {
            throw TrainingError.setting(
                name: "--task-best", found: "tasks without a dev split",
                expected: "a dev split, which says what is best")
        }
        // One task comes at every turn, whatever the scheduler
        let scheduler = tasks.count > 1 ? scheduler : TaskSchedulers.builtIn[0]
        try settings.scheduling.check(scheduler, on: tasks)
        self.network = network
        self.tasks = tasks
        self.settings = settings
        self.scheduler = scheduler
        self.balancer = balancer
        self.workspace = workspace
        self.observe = observe
        let cache = ActivationCache(
            limit: activationCache, settings: settings, shared: network.hasBareBase ? sharing : nil)
        self.cache = cache
        let heads = tasks.reduce(0) { $0 + $1.objective.heads.count }
        try Self.check(balancer, mixes: heads > 1 && (settings.mix == .within || heads > tasks.count))
        plans = try StepPlans(network, tasks: tasks, settings: settings, cache: cache)
        self.cosinesEvery = heads > 1 ? cosinesEvery : 0
        gradients =
            balancer is any GradientBalancer || self.cosinesEvery > 0
            ? TaskGradients(plans, network, pool: workspace.pool) : nil
        let devCache = judges || cache?.shared != nil ? cache : nil
        scorers = try tasks.map { task in
            try task.objective.scorer(
                network, workspace: workspace,
                keeping: task.dev.count > 0 ? devCache.map { (split: task.dev, cache: $0) } : nil)
        }
    }

    /// - Parameter mixes: whether steps have several tasks
    private static func check(_ balancer: any LossBalancer, mixes: Bool) throws(TrainingError) {
        guard !mixes, balancer is any GradientBalancer || balancer is any LossWatcher else { return }
        throw .setting(
            name: "--balancer", found: "\(type(of: balancer).name) with steps of one task",
            expected: "steps of several tasks, which it compares: use --mix within, or --share-texts")
    }

    private var hasDev: Bool { tasks.contains { $0.dev.count > 0 } }

    /// Whether dev decides which epoch's parameters are kept.
    var keepsBest: Bool { settings.keep == .best && hasDev }

    /// Whether dev is scored after each epoch: to keep the best one, to stop early, or for the scheduler.
    private var judges: Bool {
        keepsBest || (hasDev && (settings.patience > 0 || settings.keepsTaskBest || scheduler.readsHistory))
    }

    /// A run's moving parts.
    struct Run {
        var source: StepSource
        /// Of the whole run.
        let steps: Int
        let optimizer: AdamW
        let schedule: any LearningRateSchedule.Type
        var state = TrainingState()
        /// Parameters of the best epoch; one for the whole run: of all weights it is large.
        var best: AlignedBuffer?
        /// The same for each task by itself.
        var taskBest: [String: AlignedBuffer] = [:]
        let checkpoint: Checkpoint?
        /// Whether the checkpoint's file is of this run.
        var isKept = false

        /// Whether the last step ended its epoch.
        var endsEpoch: Bool {
            state.step > 0
                && (state.step == steps || source.epoch(of: state.step) != source.epoch(of: state.step - 1))
        }
        var epoch: Int { state.step > 0 ? source.epoch(of: state.step - 1) : 0 }

        /// Writes the checkpoint, if the run has one.
        mutating func keep() throws {
            guard let checkpoint else { return }
            state.source = source.state
            try checkpoint.write(state, best: best, taskBest: taskBest)
            isKept = true
        }

        /// Continues from the checkpoint, if there is one.
        mutating func resume() throws -> Bool {
            guard let checkpoint, let kept = try checkpoint.restore() else { return false }
            guard kept.state.step <= steps, source.restore(kept.state.source) else {
                throw TrainingError.checkpoint(
                    file: checkpoint.url.path,
                    problem: "the checkpoint is not at a step of this run; start over without --resume")
            }
            (state, best, taskBest) = kept
            isKept = true
            return true
        }
    }

    private func begin(_ keeping: CheckpointSettings?, _ identity: RunIdentity?) -> Run {
        var adamw = AdamW.Settings()
        adamw.decay = Float(settings.weightDecay)
        adamw.decaysAll = settings.decaysAll
        adamw.neverDecays = Set(balancer.specs.map(\.name))
        let optimizer = AdamW(network.parameters, settings: adamw, pool: workspace.pool)
        let source = StepSource(tasks, settings: settings, scheduler: scheduler)
        var checkpoint: Checkpoint?
        if let url = keeping?.url, let identity {
            checkpoint = Checkpoint(
                url: url, identity: identity, parameters: network.parameters, optimizer: optimizer)
        }
        return Run(
            source: source, steps: source.count, optimizer: optimizer,
            schedule: LearningRateSchedules.named(settings.schedule) ?? LearningRateSchedules.builtIn[0],
            checkpoint: checkpoint)
    }

    /// Trains; the network's parameters end as the state that is kept.
    /// - Parameters:
    ///   - keeping: nil: no checkpoints.
    ///   - identity: of this run, for its checkpoint.
    /// - Throws: `TrainingError.notFinite`, `.stopped`, `.checkpoint`, `FileError` of the checkpoint
    package func run(_ keeping: CheckpointSettings? = nil, identity: RunIdentity? = nil) throws
        -> TrainingResult
    {
        var run = begin(keeping, identity)
        cache?.reserve()
        defer { cache?.release() }
        observe(
            .started(steps: run.steps, tokens: settings.epochs * tasks.reduce(0) { $0 + $1.train.tokens }))
        if settings.patience > 0, !hasDev {
            observe(.warning("no dev split, so --patience has no effect: all epochs run"))
        }
        if keeping?.resumes == true, try run.resume() { observe(.resumed(done: run.state.step, of: run.steps)) }
        var written = DispatchTime.now().uptimeNanoseconds
        while true {
            if keeping?.stops() == true {
                try run.keep()
                throw TrainingError.stopped(
                    step: run.state.step, of: run.steps, checkpoint: run.checkpoint?.url.path)
            }
            if run.endsEpoch, judges {
                if !run.state.judged { judge(&run) }
                if settings.patience > 0, let best = run.state.best, run.epoch - best.epoch >= settings.patience {
                    break
                }
            }
            guard run.state.step < run.steps else { break }
            try step(&run)
            if let keeping, run.checkpoint != nil {
                let now = DispatchTime.now().uptimeNanoseconds
                if Double(now - written) / 1e9 >= keeping.every {
                    try run.keep()
                    written = DispatchTime.now().uptimeNanoseconds
                }
            }
        }
        if let best = run.best {
            network.parameters.values.update(from: best.floats, count: best.count)
        } else {
            run.state.result.dev = evaluateDev()
        }
        for (task, values) in run.taskBest {
            guard let (best, dev) = run.state.taskBest[task] else { continue }
            taskBest[task] = (values, best.epoch, dev)
        }
        if run.best != nil { run.state.result.bestEpoch = run.state.best?.epoch }
        run.state.result.devScores = run.state.devScores
        try checkEnd(run)
        gradients?.release()
        run.state.result.weights = weights
        run.state.result.cached = cache?.facts
        observe(.finished)
        return run.state.result
    }

    /// Scores dev at an epoch's end; where the best epoch is kept, copies the parameters if they are the best so far.
    private func judge(_ run: inout Run) {
        let dev = evaluateDev()
        // In a fixed order: the last bit of a sum depends on it
        let tasks = dev.sorted { $0.key < $1.key }.map(\.value)
        let score = tasks.reduce(0) { $0 + $1.score } / Double(max(dev.count, 1))
        let loss = tasks.reduce(0) { $0 + $1.loss } / Double(max(dev.count, 1))
        let better = run.state.best?.isBeaten(score: score, loss: loss) ?? true
        if better {
            if keepsBest { run.best = copied(into: run.best) }
            run.state.best = TrainingState.Best(score: score, loss: loss, epoch: run.epoch)
            run.state.result.dev = dev
        }
        for (task, own) in dev where settings.keepsTaskBest {
            guard run.state.taskBest[task]?.best.isBeaten(score: own.score, loss: own.loss) ?? true else { continue }
            run.taskBest[task] = copied(into: run.taskBest[task])
            run.state.taskBest[task] = (
                TrainingState.Best(score: own.score, loss: own.loss, epoch: run.epoch), dev
            )
        }
        run.state.devScores.append(dev.mapValues(\.score))
        run.state.judged = true
        observe(
            .epoch(
                run.epoch + 1, dev: dev, best: better,
                weights: balancer.weights(network.parameters).isEmpty ? [:] : weights))
    }

    /// The present parameters.
    /// - Parameter old: what is not needed any more
    private func copied(into old: AlignedBuffer?) -> AlignedBuffer {
        let count = network.parameters.count
        let copy = old ?? AlignedBuffer(count: count)
        copy.floats.update(from: network.parameters.values, count: count)
        return copy
    }

    private func evaluateDev() -> [String: Evaluation] {
        var dev: [String: Evaluation] = [:]
        for (task, score) in zip(tasks, scorers) where task.dev.count > 0 {
            dev.merge(score(task.dev)) { first, _ in first }
        }
        return dev
    }

    /// What each task's loss counts for by now, where that is learned or given; drawn weights are 1 in the mean.
    private var weights: [String: Double] {
        let coefficients = balancer.weights(network.parameters)
        var weights: [String: Double] = [:]
        for head in tasks.flatMap(\.objective.heads) {
            weights[head.task] = coefficients.indices.contains(head.index) ? coefficients[head.index] : 1
        }
        return weights
    }
}
