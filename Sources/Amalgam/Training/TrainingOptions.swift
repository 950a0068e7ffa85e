import Foundation
import Numerics
import Training

/// Everything that shapes a training. The defaults fit most tasks.
///
/// The same options, data and processor type give the same bundle, byte for byte, with any number of threads.
public struct TrainingOptions: Sendable, Equatable {
    /// How batches are cut.
    public enum Batch: Sendable, Equatable {
        /// So many examples, whatever their lengths.
        case examples(Int)
        /// As many examples as fit into so many tokens, at least one.
        case tokens(Int)
    }

    /// Which epoch's weights the bundle has.
    public enum Kept: String, Sendable, CaseIterable {
        /// The best one on dev; the last one without a dev split.
        case best
        /// The last one.
        case last
    }

    /// What a step without a finite loss or gradient does.
    public enum NotFinitePolicy: String, Sendable, CaseIterable {
        /// The training ends with ``AmalgamError/Kind/notFinite``.
        case stop
        /// The step is skipped and counted.
        case skip
    }

    /// How the learning rate goes after the warmup.
    public enum Schedule: String, Sendable, CaseIterable {
        /// Down to 0 in a line.
        case linear
        /// Stays.
        case constant
        /// Down to 0 in half a cosine.
        case cosine
    }

    /// Seed of all random numbers, 0 or more; default 0.
    public var seed = 0
    /// Passes over the training split, 1 or more; default 5.
    public var epochs = 5
    /// Peak learning rate, over 0; nil for the recipe's default: adapters 1e-3, languages 4e-3, heads 5e-3, fusions 2e-3
    /// (other methods: ``FusionMethod/standardLearningRate``), all weights 2e-4.
    public var learningRate: Double?
    /// Share of the steps in which the learning rate rises, 0...1; default 0.1.
    public var warmup = 0.1
    /// How the learning rate goes after the warmup; default linear.
    public var schedule = Schedule.linear
    /// Weight decay of AdamW, 0 or more; default 0.01.
    public var weightDecay = 0.01
    /// Whether biases and norms are decayed too; default false.
    public var decaysAll = false
    /// Largest norm of the gradient; 0 for no clipping; default 1.
    public var clip = 1.0
    /// Epochs without a better dev score after which the training ends; 0 (default) for never.
    public var patience = 0
    /// Which epoch's weights the bundle has; default best.
    public var keeps = Kept.best
    /// How batches are cut; default 16 examples.
    public var batch = Batch.examples(16)
    /// Longest text in tokens, special tokens included; longer ones are truncated, and contexts of questions are cut into
    /// windows, as documents of coreference are. nil (default) for 128, or 384 if a task has questions about contexts or is one
    /// of coreference.
    public var maxLength: Int?
    /// What a head reads of a text; nil (default) for what the model was made for.
    public var pooling: Pooling?
    /// What stands before each text; nil (default) for the model's own, as `query: ` of E5 models.
    public var textPrefix: String?
    /// Whether rare classes weigh more in the loss, as n / (classes · count); default false.
    public var weighsClasses = false
    /// In tagging, whether every token of a word is trained on; default false: the first one.
    public var labelsAllTokens = false
    /// Part of the target that is spread over all classes, 0..<1; default 0.
    public var labelSmoothing = 0.0
    /// How questions about contexts are read and answered; nil fields (default) as transformers' script does.
    public var answers = AnswerOptions()
    /// Dropout probability in the head, 0..<1; nil (default) for the model's own.
    public var headDropout: Double?
    /// Whether the frozen model drops in training, as its configuration says; default true. Without, layers below the first
    /// adapter are computed once, not in each epoch (``activationCache``).
    public var usesBaseDropout = true
    /// Precision of products with frozen weights; default float32.
    public var precision = Precision.float32
    /// What a step without a finite loss or gradient does; default stop.
    public var onNotFinite = NotFinitePolicy.stop
    /// Of the bundle and its new adapter, 1 to 200 bytes; nil (default) for the tasks' or language's name.
    public var name: String?
    /// Which task's batch comes at each step of several tasks: one of ``schedulerNames``; default `proportional`.
    public var scheduler = "proportional"
    /// Examples that a task counts as at most, where the scheduler goes by size: `proportional`, `temperature`, `square-root` and
    /// `annealed`; nil (default): all of them.
    public var taskCap: Int?
    /// The temperature T of the scheduler `temperature`, which draws a task in proportion to size^(1/T), 0.1...1000; nil (default)
    /// for 2.
    public var schedulerTemperature: Double?
    /// How often the scheduler `given` draws each task, by name: numbers over 0, which need not sum to 1.
    public var taskProbabilities: [String: Double] = [:]
    /// Dev scores that tasks are to reach, by name, for the scheduler `progress`: over 0, at most 1; 1 where there is none.
    public var taskTargets: [String: Double] = [:]
    /// What becomes of a task whose examples are used up before the epoch ends; default repeat.
    public var exhausted = ExhaustedTask.repeat
    /// Whether a batch holds examples of one task or of several; default batch.
    public var mix = Mix.batch
    /// How the losses of several tasks are weighted: one of ``balancerNames``; default `equal`.
    public var balancer = "equal"
    /// A folder for the bundles of the epochs that were best on each task's dev split (`TASK.h5`), beside the one that is best for
    /// all (``TrainingResult/taskBest``); nil (default): they are not kept.
    public var taskBestFolder: URL?
    /// What the balancer `fixed` multiplies each task's loss by, by name: numbers over 0.
    public var lossWeights: [String: Double] = [:]
    /// Steps between measurements of the cosines of the angles between the tasks' gradients (``TrainingResult/gradientCosines``),
    /// each on a batch of every task; 0 (default) for none. They change nothing of what is trained.
    public var gradientCosines = 0
    /// Whether tasks with the same training file are trained in one pass over each text; default false.
    public var sharesTexts = false
    /// Whether bundles of another model or tokenizer are accepted if all shapes agree; default false.
    public var allowsOtherModel = false
    /// Memory that the training may take; default ``MemoryLimit/automatic``.
    public var memoryLimit = MemoryLimit.automatic
    /// Memory for what the frozen layers below the first adapter give for each text; default ``ActivationCache/standard``.
    public var activationCache = ActivationCache.standard
    /// A folder for TensorBoard; nil (default) for none. The training writes an event file into a folder there that is named as its
    /// bundle: the loss, the learning rate and the tokens per second at 1,000 steps at most, the dev scores of each epoch, and the
    /// settings. A training that continues from a checkpoint continues its curves; one that starts over replaces them.
    public var tensorBoardFolder: URL?
    /// Where and how often the training's state is saved; nil (default) for never.
    public var checkpoint: CheckpointOptions?

    /// Creates the defaults.
    public init() {}

    /// Whether a batch holds examples of one task or of several.
    public enum Mix: String, Sendable, CaseIterable {
        /// Each step is a batch of one task, which the scheduler chooses.
        case batch
        /// Each batch is put together from small pieces, and the scheduler chooses the task of each.
        case within
    }

    /// What becomes of a task whose examples are used up before the epoch ends.
    public enum ExhaustedTask: String, Sendable, CaseIterable {
        /// It begins again, in a new order.
        case `repeat`
        /// The epoch ends when the scheduler would choose the task. Not with the scheduler `progress`.
        case stop
        /// The scheduler chooses among the other tasks: each epoch has every example once.
        case skip
    }

    /// Names of the balancers of losses: `equal`, `fixed` (``lossWeights``), `uncertainty` (Kendall et al. 2018), `random` (Lin et
    /// al. 2022), and for steps of several tasks (``Mix/within``, or ``sharesTexts``) `famo` (Liu et al. 2023) and `pcgrad` (Yu et
    /// al. 2020).
    public static var balancerNames: [String] { LossBalancers.names }

    /// Names of the schedulers: `proportional`, `uniform`, `temperature` (Arivazhagan et al. 2019), `square-root`, `round-robin`,
    /// `annealed` (Stickland & Murray 2019), `given` (``taskProbabilities``), `progress` (Gottumukkala et al. 2020).
    public static var schedulerNames: [String] { TaskSchedulers.names }
}

/// What a head reads of a text's hidden states.
public enum Pooling: String, Sendable, CaseIterable {
    /// The first token's.
    case firstToken
    /// The mean of all tokens'.
    case mean

    var stored: Pool.Kind { self == .mean ? .mean : .first }
}

/// Precision of products with frozen weights.
public enum Precision: Sendable, CaseIterable {
    /// 32 bits.
    case float32
    /// 16 bits, on processors with AVX512_BF16.
    case bfloat16

    var stored: Numerics.Precision { self == .float32 ? .float32 : .bfloat16 }
}

/// Memory that a training may take; one that would need more is refused before its first step.
public enum MemoryLimit: Sendable, Equatable {
    /// The limit of the process's control group, or the machine's memory.
    case automatic
    /// So many bytes.
    case bytes(Int)
    /// No limit.
    case none

    /// Reads a size, such as `800MB`, `2GiB` or a number of bytes.
    /// - Throws: ``AmalgamError/Kind/option``.
    public init(_ size: String) throws(AmalgamError) {
        self = .bytes(try translated { try Training.MemoryLimit(size).bytes })
    }

    var stored: Training.MemoryLimit? {
        switch self {
        case .automatic: Training.MemoryLimit.detected()
        case .bytes(let bytes): Training.MemoryLimit(bytes: bytes, source: "--memory-limit")
        case .none: nil
        }
    }
}

extension TrainingOptions {
    /// - Parameters:
    ///   - rate: the recipe's learning rate
    ///   - adapters: of what comes from bundles; nil: it is frozen
    func settings(rate: Double, adapters: Double? = nil) throws -> TrainingSettings {
        var s = TrainingSettings()
        s.seed = seed
        s.epochs = epochs
        s.learningRate = learningRate ?? rate
        s.adapterRate = adapters
        s.warmup = warmup
        s.schedule = schedule.rawValue
        s.weightDecay = weightDecay
        s.decaysAll = decaysAll
        s.clip = clip
        s.patience = patience
        s.keep = keeps == .best ? .best : .last
        s.batch = batch.stored
        if let maxLength { s.maxLength = maxLength }
        s.classWeights = weighsClasses
        s.labelsAllTokens = labelsAllTokens
        s.labelSmoothing = labelSmoothing
        s.answers = answers.stored
        s.headDropout = headDropout
        s.baseDropout = usesBaseDropout
        s.precision = precision.stored
        s.onNotFinite = onNotFinite == .stop ? .stop : .skip
        s.sharesTexts = sharesTexts
        s.mix = mix == .batch ? .batch : .within
        s.scheduling.cap = taskCap
        s.scheduling.temperature = schedulerTemperature
        s.scheduling.probabilities = taskProbabilities
        s.scheduling.targets = taskTargets
        switch exhausted {
        case .repeat: s.scheduling.exhausted = .repeat
        case .stop: s.scheduling.exhausted = .stop
        case .skip: s.scheduling.exhausted = .skip
        }
        s.balancer = balancer
        s.lossWeights = lossWeights
        s.keepsTaskBest = taskBestFolder != nil
        guard gradientCosines >= 0 else {
            throw TrainingError.setting(
                name: "--gradient-cosines", found: "\(gradientCosines)", expected: "0 (none) or more steps")
        }
        if let name, name.isEmpty || name.utf8.count > 200 {
            throw TrainingError.setting(name: "--name", found: "\(name.utf8.count) bytes", expected: "1 to 200 bytes")
        }
        if let checkpoint, !(checkpoint.interval >= 0) {
            throw TrainingError.setting(
                name: "--checkpoint-every", found: "\(checkpoint.interval)", expected: "0 or more")
        }
        try activationCache.validate()
        try s.validate()
        return s
    }
}
