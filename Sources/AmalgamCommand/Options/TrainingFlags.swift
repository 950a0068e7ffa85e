import Amalgam
import ArgumentParser
import Foundation

/// The settings of every training command.
struct TrainingFlags: ParsableArguments {
    @Option(help: "Passes over the training split.") var epochs = 5
    @Option(
        help:
            "Peak learning rate. (default: adapters 1e-3, languages 4e-3, heads and average 5e-3, fusion 2e-3, scalearn and cat 6e-3, all weights 2e-4)"
    )
    var lr: Double?
    @Option(help: "Fraction of the steps in which the learning rate rises, 0 to 1.") var warmup = 0.1
    @Option(help: "Learning rate schedule after the warmup: linear, constant or cosine.") var schedule = "linear"
    @Option(help: "Weight decay of AdamW. Biases and norms have none.") var weightDecay = 0.01
    @Flag(help: "Apply weight decay to biases and norms too.") var decayAll = false
    @Option(help: "Maximum gradient norm; 0 for no clipping.") var clip = 1.0
    @Option(help: "Stop after this many epochs without a better dev score; 0 for never.") var patience = 0
    @Option(help: "Epoch to keep: best (by dev score) or last.") var keep = "best"
    @Option(help: "Examples per batch.") var batchSize = 16
    @Option(help: "Tokens per batch, without padding; replaces --batch-size.") var batchTokens: Int?
    @Option(
        help:
            "Maximum length in tokens, including special tokens; longer texts are truncated, contexts of questions are cut into overlapping windows, documents of coreference into windows. (default: 128, for questions and coreference 384)"
    )
    var maxLength: Int?
    @Option(help: "Pooling that feeds the head: cls or mean. (default: from the model's files)") var pooling: String?
    @Option(
        help: "A prefix for each text, for example \"query: \" for E5 models. (default: from the model's files)")
    var textPrefix: String?
    @OptionGroup var answers: AnswerFlags
    @Flag(help: "Weight the loss by class, so that rare classes count more.") var classWeights = false
    @Flag(
        help: "In tagging, train on every token of a word: B-X is followed by I-X. (default: on the first token only)")
    var labelAllTokens = false
    @Option(help: "Label smoothing: the part of the target spread over all classes, 0 or more, below 1.")
    var labelSmoothing = 0.0
    @Option(help: "Dropout in the head, 0 or more, below 1. (default: from the model)") var headDropout: Double?
    @Flag(
        help:
            "Turn off dropout in the frozen model. Layers below the first adapter are then computed once, not in each epoch."
    )
    var noBaseDropout = false
    @Option(
        help: ArgumentHelp(
            "Memory for the output of layers below the first adapter, for example 800MB, or off. Changes the speed, not the result. (default: 1GB)",
            valueName: "size"))
    var activationCache: String?
    @Option(
        help: ArgumentHelp(
            "Write curves for TensorBoard (loss, learning rate, speed, dev scores) into a folder per bundle in this folder.",
            valueName: "folder"))
    var tensorboard: String?
    @OptionGroup var precision: PrecisionOption
    @Option(help: "Name of the bundle and its adapter. (default: from the task or the text files)") var name: String?
    @Option(
        help: "Action if a step's loss or gradient is NaN or infinite: stop, or skip and count the step.")
    var onNan = "stop"
    @OptionGroup var keeping: CheckpointFlags
    @OptionGroup var memory: MemoryOptions

    /// - Parameter output: the bundle's file; its log and checkpoint stand beside it.
    func options(seed: Int, output: URL) throws -> TrainingOptions {
        var options = TrainingOptions()
        options.seed = seed
        options.epochs = epochs
        options.learningRate = lr
        options.warmup = warmup
        options.schedule = try Self.choice("--schedule", schedule)
        options.weightDecay = weightDecay
        options.decaysAll = decayAll
        options.clip = clip
        options.patience = patience
        options.keeps = try Self.choice("--keep", keep)
        options.batch = batchTokens.map { .tokens($0) } ?? .examples(batchSize)
        options.maxLength = maxLength
        options.pooling = try poolingKind()
        options.textPrefix = textPrefix
        options.weighsClasses = classWeights
        options.labelsAllTokens = labelAllTokens
        options.labelSmoothing = labelSmoothing
        options.answers = answers.options()
        options.headDropout = headDropout
        options.usesBaseDropout = !noBaseDropout
        options.precision = try precision.value()
        options.onNotFinite = try Self.choice("--on-nan", onNan)
        options.name = name
        options.memoryLimit = try memory.limit()
        if let activationCache { options.activationCache = try ActivationCache(activationCache) }
        options.tensorBoardFolder = tensorboard.map { URL(fileURLWithPath: $0) }
        options.checkpoint = keeping.options(output)
        return options
    }

    private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ option: String, _ text: String
    ) throws -> Choice {
        guard let choice = Choice(rawValue: text) else {
            throw wrongOption(option, found: text, expected: Choice.names(" or "))
        }
        return choice
    }

    /// Settings that language modelling has nothing to do with are refused, not passed over.
    /// - Parameter purpose: what is trained on no task
    func checkForLanguages(_ purpose: String = "languages") throws {
        for (name, isSet) in answers.given + [
            ("--pooling", pooling != nil), ("--text-prefix", textPrefix != nil), ("--class-weights", classWeights),
            ("--label-smoothing", labelSmoothing != 0), ("--label-all-tokens", labelAllTokens),
            ("--head-dropout", headDropout != nil), ("--activation-cache", activationCache != nil),
        ] where isSet {
            throw wrongOption(
                name, found: "a value", expected: "none: this option is for tasks, not for \(purpose)")
        }
    }

    /// A linear probe is not trained in steps: settings of steps are refused, not passed over.
    func checkForProbe() throws {
        let defaults = try TrainingFlags.parse([])
        try refuse(
            steps(against: defaults) + [
                ("--warmup", warmup != defaults.warmup), ("--schedule", schedule != defaults.schedule),
                ("--weight-decay", weightDecay != defaults.weightDecay), ("--decay-all", decayAll),
                ("--clip", clip != defaults.clip), ("--class-weights", classWeights),
                ("--label-all-tokens", labelAllTokens), ("--label-smoothing", labelSmoothing != 0),
                ("--head-dropout", headDropout != nil), ("--no-base-dropout", noBaseDropout),
                ("--activation-cache", activationCache != nil), ("--on-nan", onNan != defaults.onNan),
                ("--tensorboard", tensorboard != nil),
            ] + answers.given, because: "--linear-probe is not trained in steps")
    }

    /// What follows from the number of labels is refused, not passed over.
    func checkForChoice() throws {
        try refuse(
            steps(against: try TrainingFlags.parse([])), because: "--method auto sets it by the number of labels")
        try refuse(
            [("--tensorboard", tensorboard != nil)], because: "--method auto runs many short trainings")
    }

    /// How many steps there are and how large they are: the flags that differ from the defaults.
    private func steps(against defaults: TrainingFlags) -> [(String, Bool)] {
        [
            ("--epochs", epochs != defaults.epochs), ("--lr", lr != nil), ("--patience", patience != 0),
            ("--keep", keep != defaults.keep), ("--batch-size", batchSize != defaults.batchSize),
            ("--batch-tokens", batchTokens != nil),
        ]
    }

    private func refuse(_ flags: [(name: String, isSet: Bool)], because reason: String) throws {
        for (name, isSet) in flags where isSet {
            throw wrongOption(name, found: "a value", expected: "none: \(reason)")
        }
    }

    private func poolingKind() throws -> Pooling? {
        switch pooling {
        case nil: nil
        case "cls", "first": .firstToken
        case "mean": .mean
        case .some(let other): throw wrongOption("--pooling", found: other, expected: "cls or mean")
        }
    }
}

/// How a run outlives its process.
struct CheckpointFlags: ParsableArguments {
    @Flag(
        help:
            "Resume a stopped or killed run from its checkpoint. The bundle gets the same bytes as in an uninterrupted run."
    )
    var resume = false
    @Option(
        help: ArgumentHelp(
            "Seconds between checkpoints, written next to the bundle; 0 for every step.", valueName: "seconds"))
    var checkpointEvery = 60.0

    func validate() throws {
        if !(checkpointEvery >= 0) {
            throw ValidationError("--checkpoint-every: found \(checkpointEvery), expected 0 or more")
        }
    }

    func options(_ output: URL) -> CheckpointOptions {
        CheckpointOptions(
            output.appendingPathExtension("checkpoint"), interval: checkpointEvery, resumes: resume, output: output,
            log: output.deletingPathExtension().appendingPathExtension("run.json"),
            logFields: ["command": .list(CommandLine.arguments.map { .string($0) })])
    }
}

/// How much memory a run may take.
struct MemoryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Refuse a run that would need more memory, for example 800MB or 2GiB. (default: the limit of the control group or the machine)",
            valueName: "size"))
    var memoryLimit: String?

    func limit() throws -> MemoryLimit { try memoryLimit.map { try MemoryLimit($0) } ?? .automatic }
}

extension RawRepresentable<String> where Self: CaseIterable {
    /// All names, for a message.
    static func names(_ separator: String = ", ") -> String { allCases.map(\.rawValue).joined(separator: separator) }
}
