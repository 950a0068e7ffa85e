import Foundation
import Tasks
import Training

/// What a training made and reached.
public struct TrainingResult: Sendable {
    /// What was trained.
    public var bundle: AdapterBundle
    /// Scores on dev of the weights that were kept, by task; empty without dev splits.
    public var dev: [String: DevScores]
    /// Scores of the teacher on dev; nil without a teacher or a dev split.
    public var teacher: DevScores? { facts["teacher"]?["dev"].flatMap { DevScores(metrics: $0) } }
    /// How well masked tokens of held-out text are predicted; nil for tasks.
    public var perplexity: Perplexity?
    /// How likely held-out answers are; nil for tasks and languages.
    public var answers: AnswerLoss? { AnswerLoss(facts) }
    /// Steps that were run; of a linear probe, those of its fit.
    public var steps: Int
    /// Epochs that were run.
    public var epochs: Int
    /// Tokens that were trained on, without padding.
    public var tokens: Int
    /// Seconds in steps, without evaluation.
    public var seconds: Double
    /// Steps that were skipped because their loss or gradient was not finite.
    public var skippedSteps: Int
    /// The loss of each step, without skipped ones.
    public var losses: [Double]
    /// What each task's loss counted for in the end, by task; empty where all count the same.
    public var lossWeights: [String: Double]
    /// Training examples that the steps of each of several tasks had, all epochs together, by task. Tasks that share their
    /// texts are one, called after all (`a+b`).
    public var examples: [String: Int]
    /// Of each task, the epoch that was best on its dev split; empty unless ``TrainingOptions/taskBestFolder`` is set, and for a
    /// training that had ended before, whose bundles are in that folder.
    public var taskBest: [String: TaskBest]
    /// The epoch whose weights were kept, from 1; nil: the last one, without a choice.
    public var bestEpoch: Int? { facts["best_epoch"]?.number.flatMap { Int(exactly: $0) } }
    /// Angles between the tasks' gradients, where they were measured (``TrainingOptions/gradientCosines``).
    public var gradientCosines: [GradientCosines]
    /// Number of values that learned.
    public var trainableParameters: Int
    /// Training texts that were truncated.
    public var truncatedTexts: Int
    /// The length in tokens at which they were: the option's, or the model's longest sequence.
    public var maxLength: Int
    /// Whether that length is the model's longest sequence, which is shorter than the option.
    public var isModelsMaximum = false
    /// Largest resident memory that was expected before the first step, in bytes.
    public var memoryEstimate: Int
    /// What was kept of frozen layers from one epoch to the next; nil: nothing.
    public var cachedActivations: CachedActivations?
    /// Identifies the training: two with the same one end with the same bundle.
    public var run: String
    /// Everything that a user should know.
    public var warnings: [Warning]
    /// Whether the training had ended before, so that this is the result of that time (see ``CheckpointOptions/log``).
    public var isEarlier = false
    /// All of it, and what was read of the data, by the names of the run log: `steps`, `dev`, `data`, `peak_memory_bytes`,
    /// `kernels`, ….
    public internal(set) var facts: [String: SettingValue]

    init(_ trained: Session.Trained, log: RunLog, warnings: [Warning]) {
        facts = log.facts
        maxLength = trained.longest
        bundle = AdapterBundle(trained.bundle, warnings: warnings)
        dev = trained.result.dev.mapValues { DevScores($0) }
        perplexity = trained.language.map {
            Perplexity(
                before: $0.before?.value, after: $0.after?.value, scoredTokens: $0.after?.scored ?? 0,
                distinctTokens: $0.distinctTokens)
        }
        steps = trained.result.steps
        epochs = trained.result.epochs
        tokens = trained.result.tokens
        seconds = trained.result.seconds
        skippedSteps = trained.result.skipped
        losses = trained.result.losses
        lossWeights = trained.result.weights
        examples = Self.examples(log)
        gradientCosines = GradientCosines.all(log.facts["gradient_cosines"])
        taskBest = trained.taskBest.mapValues {
            TaskBest(
                bundle: AdapterBundle($0.bundle, warnings: []), epoch: $0.epoch + 1,
                dev: $0.dev.mapValues { DevScores($0) })
        }
        trainableParameters = trained.trainable
        truncatedTexts = trained.truncated
        memoryEstimate = trained.memoryEstimate
        cachedActivations = trained.result.cached.map { CachedActivations($0) }
        run = trained.run
        self.warnings = warnings
    }

    private static func examples(_ log: RunLog) -> [String: Int] {
        guard case .map(let counts)? = log.facts["scheduler"]?["examples"] else { return [:] }
        return counts.compactMapValues { $0.number.flatMap { Int(exactly: $0) } }
    }

    /// The result of a training that ended before.
    init(earlier log: RunLog, bundle: AdapterBundle) {
        self.bundle = bundle
        let metrics = bundle.provenance.metrics
        if log.fields["perplexity"] == nil, case .map(let scores) = metrics {
            dev = scores.compactMapValues { DevScores(metrics: $0) }
        } else {
            dev = [:]
            perplexity = Perplexity(
                before: log.number("perplexity_before"), after: log.number("perplexity"),
                scoredTokens: log.count("masked_pieces"), distinctTokens: log.count("pieces"))
        }
        steps = log.count("steps")
        epochs = log.count("epochs")
        tokens = log.count("tokens")
        let rate = log.number("tokens_per_second") ?? 0
        seconds = rate > 0 ? Double(tokens) / rate : 0
        skippedSteps = log.count("skipped_steps")
        losses = log.numbers("losses")
        if case .map(let weights)? = log.facts["balancer"]?["weights"] {
            lossWeights = weights.compactMapValues(\.number)
        } else {
            lossWeights = [:]
        }
        examples = Self.examples(log)
        gradientCosines = GradientCosines.all(log.facts["gradient_cosines"])
        taskBest = [:]
        trainableParameters = log.count("trainable_parameters")
        truncatedTexts = log.count("truncated")
        maxLength = log.count("max_length")
        memoryEstimate = log.count("memory_estimate_bytes")
        cachedActivations = CachedActivations(log.facts["activation_cache"])
        run = log.text("run")
        warnings = []
        isEarlier = true
        facts = log.facts
    }
}

/// The epoch of a training of several tasks that was best for one of them.
public struct TaskBest: Sendable {
    /// All of what was trained, as it was after that epoch.
    public var bundle: AdapterBundle
    /// From 1.
    public var epoch: Int
    /// Scores on dev after that epoch, by task.
    public var dev: [String: DevScores]
}

/// How likely held-out answers are to a decoder.
public struct AnswerLoss: Sendable, Equatable {
    /// Mean negative log-likelihood of a token without the adapter, and with it.
    public var before, after: Double
    /// Tokens of the answers.
    public var tokens: Int

    init?(_ facts: [String: SettingValue]) {
        guard let before = facts["loss_before"]?.number, let after = facts["loss"]?.number,
            let tokens = facts["answer_tokens"]?.number
        else { return nil }
        (self.before, self.after, self.tokens) = (before, after, Int(tokens))
    }
}

/// A task's scores on dev.
public struct DevScores: Sendable, Equatable {
    /// Scored examples.
    public var examples: Int
    /// Examples among them with a label that does not occur in training; they count as wrong.
    public var unknownLabels: Int
    /// Name of the task's own metric; empty for languages.
    public var metric: String
    /// Every metric that fits the task, by name; NaN where it is undefined.
    public var metrics: [String: Double]
    /// Mean loss: cross-entropy in nats, or squared error.
    public var loss: Double
    /// Names of the metrics that a short report shows, the task's own first.
    public var headline: [String]

    /// Value of the task's own metric; NaN if it is undefined.
    public var score: Double { metrics[metric] ?? .nan }

    /// As a bundle's provenance has it; a metric without a number was undefined.
    init?(metrics value: SettingValue) {
        guard case .map(var fields) = value, let metric = fields["metric"]?.text else { return nil }
        self.metric = metric
        examples = Int(exactly: fields["examples"]?.number ?? 0) ?? 0
        unknownLabels = Int(exactly: fields["unknown_labels"]?.number ?? 0) ?? 0
        loss = fields["loss"]?.number ?? .nan
        for name in ["metric", "examples", "unknown_labels", "loss"] { fields[name] = nil }
        metrics = fields.mapValues { $0.number ?? .nan }
        headline = [metric]
    }

    init(_ evaluation: Training.Evaluation) {
        headline = evaluation.shown
        examples = evaluation.examples
        unknownLabels = evaluation.unknownLabels
        metric = evaluation.metric
        metrics = evaluation.metrics
        loss = evaluation.loss
    }
}

/// How well masked tokens of held-out text are predicted: exp of the mean cross-entropy.
public struct Perplexity: Sendable, Equatable {
    /// With the model alone; nil for a head, which is nothing before.
    public var before: Double?
    /// With what was trained.
    public var after: Double?
    /// Masked tokens that were scored.
    public var scoredTokens: Int
    /// Distinct tokens that the texts use; the softmax runs over them.
    public var distinctTokens: Int
}

/// News of a training.
public enum TrainingEvent: Sendable {
    /// The first step comes next: so many steps, with so many tokens in all.
    case started(steps: Int, tokens: Int)
    /// Continues from a checkpoint after step `step`.
    case resumed(step: Int, of: Int)
    /// A step is done: its number from 1, how many there are, its loss, and the tokens so far. The steps of a linear probe
    /// are batches of features, whose loss is NaN.
    case step(Int, of: Int, loss: Double, tokens: Int)
    /// A step's loss or gradient was not finite, and the step was skipped.
    case skipped(step: Int, reason: String)
    /// An epoch was scored on dev: its number from 1, scores by task, whether it is the best so far, and what each task's
    /// loss counts for by now (empty where all count the same).
    case epoch(Int, dev: [String: DevScores], isBest: Bool, lossWeights: [String: Double])
    /// Something that a user should know.
    case warning(Warning)
    /// The training was cancelled after step `step`: its state is in the checkpoint, if it has one. It is the last event.
    case stopped(step: Int, of: Int, checkpoint: URL?)
    /// The training has ended. It is the last event.
    case finished(TrainingResult)

    init?(_ event: Training.TrainingEvent) {
        switch event {
        case .started(let steps, let tokens): self = .started(steps: steps, tokens: tokens)
        case .resumed(let done, let all): self = .resumed(step: done, of: all)
        case .step(let done, let all, let loss, let tokens): self = .step(done, of: all, loss: loss, tokens: tokens)
        case .skipped(let step, let found): self = .skipped(step: step, reason: found)
        case .warning(let text): self = .warning(.of(.training, text))
        case .epoch(let epoch, let dev, let best, let weights):
            self = .epoch(epoch, dev: dev.mapValues { DevScores($0) }, isBest: best, lossWeights: weights)
        case .finished: return nil
        }
    }
}
