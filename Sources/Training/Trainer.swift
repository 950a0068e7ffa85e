import Foundation
import Models
import Numerics
import Tasks

/// A task as the training loop sees it: its head's index and its encoded splits.
package struct TrainingTask {
    package let name: String
    package let metric: any Metric.Type
    package let train: EncodedExamples
    package let dev: EncodedExamples
    package let classes: Int

    package init(
        name: String, metric: any Metric.Type, train: EncodedExamples, dev: EncodedExamples, classes: Int
    ) {
        self.name = name
        self.metric = metric
        self.train = train
        self.dev = dev
        self.classes = classes
    }
}

/// News of a run.
package enum TrainingEvent: Sendable {
    case started(steps: Int, tokens: Int)
    case step(done: Int, of: Int, loss: Double, tokens: Int)
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
    /// Loss of each step.
    package var losses: [Double] = []
    package var tokensPerSecond: Double { seconds > 0 ? Double(tokens) / seconds : 0 }
}

/// The one training loop: single tasks are multi-task training with one task.
package final class Trainer {
    private let network: Network
    private let tasks: [TrainingTask]
    private let settings: TrainingSettings
    private let scheduler: any TaskScheduler.Type
    private let workspace: Workspace
    private let observe: (TrainingEvent) -> Void
    private let plans: [HeadPlan]
    private let evaluators: [Evaluator]

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
        plans = try tasks.indices.map { i in
            try network.plan(
                head: i, trains: true, baseDropout: settings.baseDropout,
                headDropout: settings.headDropout.map { Float($0) },
                classWeights: settings.classWeights ? Self.classWeights(tasks[i]) : nil,
                smoothing: Float(settings.labelSmoothing))
        }
        evaluators = try tasks.indices.map { try Evaluator(network, head: $0, workspace: workspace) }
    }

    /// n / (classes · count), as scikit-learn's "balanced"
    private static func classWeights(_ task: TrainingTask) -> [Float] {
        var counts = [Int](repeating: 0, count: task.classes)
        for label in task.train.labels where label >= 0 { counts[Int(label)] += 1 }
        let total = counts.reduce(0, +)
        return counts.map { $0 == 0 ? 0 : Float(total) / Float(task.classes * $0) }
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

    /// Trains; the network's parameters end as the state that is kept.
    /// - Throws: `TrainingError.notFinite`
    package func run() throws -> TrainingResult {
        let steps = schedule()
        var result = TrainingResult()
        var adamw = AdamW.Settings()
        adamw.decay = Float(settings.weightDecay)
        adamw.decaysAll = settings.decaysAll
        let optimizer = AdamW(network.parameters, settings: adamw, pool: workspace.pool)
        let schedule = LearningRateSchedules.named(settings.schedule) ?? LearningRateSchedules.builtIn[0]
        let planned = steps.reduce(0) { sum, step in
            sum + step.examples.reduce(0) { $0 + tasks[step.task].train.length($1) }
        }
        observe(.started(steps: steps.count, tokens: planned))
        var best: (score: Double, loss: Double, epoch: Int)?
        var bestValues: AlignedBuffer?  // one for the whole run: of all weights it is large
        let judges = settings.keep == .best && tasks.contains { $0.dev.count > 0 }

        for (i, step) in steps.enumerated() {
            let started = DispatchTime.now().uptimeNanoseconds
            let batch = tasks[step.task].train.batch(step.examples, task: step.task)
            let loss = plans[step.task].step(
                batch, workspace: workspace, stepKey: Randomness.key(UInt64(settings.seed), UInt64(i)))
            guard loss.isFinite else {
                throw TrainingError.notFinite(step: i + 1, loss: "\(loss)", examples: step.examples)
            }
            let rate =
                settings.learningRate
                * LearningRateSchedules.factor(schedule, step: i, total: steps.count, warmup: settings.warmup)
            optimizer.step(plans[step.task].plan.parameters, rate: Float(rate), clip: Float(settings.clip))
            result.seconds += Double(DispatchTime.now().uptimeNanoseconds - started) / 1e9
            result.steps = i + 1
            result.tokens += batch.tokens
            result.losses.append(loss)
            observe(.step(done: i + 1, of: steps.count, loss: loss, tokens: result.tokens))

            let ends = i + 1 == steps.count || steps[i + 1].epoch != step.epoch
            guard ends else { continue }
            result.epochs = step.epoch + 1
            guard judges else { continue }
            let dev = evaluateDev()
            let score = dev.values.reduce(0) { $0 + $1.score } / Double(max(dev.count, 1))
            let devLoss = dev.values.reduce(0) { $0 + $1.loss } / Double(max(dev.count, 1))
            // Of equal scores the smaller loss, then the earlier epoch
            let better = best.map { score > $0.score || (score == $0.score && devLoss < $0.loss) } ?? true
            if better {
                let count = network.parameters.count
                let copy = bestValues ?? AlignedBuffer(count: count)
                copy.floats.update(from: network.parameters.values, count: count)
                bestValues = copy
                best = (score, devLoss, step.epoch)
                result.dev = dev
            }
            observe(.epoch(step.epoch + 1, dev: dev, best: better))
            if settings.patience > 0, let best, step.epoch - best.epoch >= settings.patience { break }
        }
        if let bestValues {
            network.parameters.values.update(from: bestValues.floats, count: bestValues.count)
        } else {
            result.dev = evaluateDev()
        }
        observe(.finished)
        return result
    }

    private func evaluateDev() -> [String: Evaluation] {
        var dev: [String: Evaluation] = [:]
        for (task, evaluator) in zip(tasks, evaluators) where task.dev.count > 0 {
            dev[task.name] = evaluator.evaluate(task.dev, metric: task.metric, classes: task.classes)
        }
        return dev
    }
}

extension HeadPlan {
    /// Forward and backward over a batch; gradients are in the parameters then.
    /// - Returns: the mean loss, regularisers included.
    package func step(_ batch: PackedBatch, workspace: Workspace, stepKey: UInt64?) -> Double {
        let results = plan.run(batch, workspace: workspace, stepKey: stepKey)
        return results.values(loss).reduce(0.0) { $0 + Double($1) } + plan.parameterLoss()
    }
}
