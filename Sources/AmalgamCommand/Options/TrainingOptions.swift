import ArgumentParser
import Foundation
import Numerics
import Training

/// The settings of every training command.
struct TrainingOptions: ParsableArguments {
    @Option(help: "Passes over the training split.") var epochs = 5
    @Option(
        help:
            "Highest learning rate. (default: adapters 1e-3, languages 4e-3, heads 5e-3, fusion 5e-4, all weights 2e-4)"
    )
    var lr: Double?
    @Option(help: "Share of the steps in which the learning rate rises.") var warmup = 0.1
    @Option(help: "How the learning rate goes after that: linear, constant or cosine.") var schedule = "linear"
    @Option(help: "AdamW's weight decay; biases and norms are not decayed.") var weightDecay = 0.01
    @Flag(help: "Decay biases and norms too.") var decayAll = false
    @Option(help: "Largest norm of the gradient; 0 for none.") var clip = 1.0
    @Option(help: "Stop after so many epochs without a better dev score; 0 for never.") var patience = 0
    @Option(help: "End with the state of the best epoch on dev, or the last: best or last.") var keep = "best"
    @Option(help: "Examples a batch.") var batchSize = 16
    @Option(help: "Real tokens a batch, in place of --batch-size.") var batchTokens: Int?
    @Option(help: "Pieces a text is cut at, special ones included.") var maxLength = 128
    @Option(help: "What the head reads: cls or mean. (default: what the model was made for)") var pooling: String?
    @Option(
        help: "Stands before each text, as \"query: \" for E5 models. (default: what the model was made for)")
    var textPrefix: String?
    @Flag(help: "Weigh classes by how rare they are.") var classWeights = false
    @Option(help: "Share of the target that is spread over all classes, in 0..<1.") var labelSmoothing = 0.0
    @Option(help: "Dropout in the head, in 0..<1. (default: the model's own)") var headDropout: Double?
    @Flag(help: "No dropout in the frozen base.") var noBaseDropout = false
    @OptionGroup var precision: PrecisionOption
    @Option(help: "Name of the bundle and its adapter. (default: the task's)") var name: String?
    @Option(
        help: "A step whose loss or gradient is no number: stop, or skip it and count it.") var onNan = "stop"
    @OptionGroup var keeping: KeepingOptions
    @OptionGroup var memory: MemoryOptions

    func settings(seed: Int, learningRate: Double) throws -> TrainingSettings {
        var s = TrainingSettings()
        s.seed = seed
        s.epochs = epochs
        s.learningRate = lr ?? learningRate
        s.warmup = warmup
        s.schedule = schedule
        s.weightDecay = weightDecay
        s.decaysAll = decayAll
        s.clip = clip
        s.patience = patience
        guard let keep = Keep(rawValue: keep) else {
            throw TrainingError.setting(name: "--keep", found: keep, expected: "best or last")
        }
        s.keep = keep
        s.batch = batchTokens.map { .tokens($0) } ?? .examples(batchSize)
        s.maxLength = maxLength
        s.classWeights = classWeights
        s.labelSmoothing = labelSmoothing
        s.headDropout = headDropout
        s.baseDropout = !noBaseDropout
        s.precision = try precision.value()
        guard let onNotFinite = OnNotFinite(rawValue: onNan) else {
            throw TrainingError.setting(name: "--on-nan", found: onNan, expected: "stop or skip")
        }
        s.onNotFinite = onNotFinite
        if let name, name.isEmpty || name.utf8.count > 200 {
            throw TrainingError.setting(
                name: "--name", found: "\(name.utf8.count) bytes", expected: "1 to 200 bytes")
        }
        try s.validate()
        return s
    }

    /// Settings that language modelling has nothing to do with are refused, not passed over.
    /// - Throws: `TrainingError.setting`
    func checkForLanguages() throws(TrainingError) {
        for (name, isSet) in [
            ("--pooling", pooling != nil), ("--text-prefix", textPrefix != nil), ("--class-weights", classWeights),
            ("--label-smoothing", labelSmoothing != 0), ("--head-dropout", headDropout != nil),
        ] where isSet {
            throw .setting(name: name, found: "a value", expected: "nothing: it is for tasks, not for languages")
        }
    }

    func poolingKind() throws -> Pool.Kind? {
        switch pooling {
        case nil: nil
        case "cls", "first": .first
        case "mean": .mean
        case .some(let other):
            throw TrainingError.setting(name: "--pooling", found: other, expected: "cls or mean")
        }
    }
}

/// Of products with frozen weights.
struct PrecisionOption: ParsableArguments {
    @Option(help: "Of products with frozen weights: fp32, or bf16 where the processor has it.") var precision = "fp32"

    func value() throws -> Precision {
        guard let known = Precision(rawValue: precision) else {
            throw TrainingError.setting(
                name: "--precision", found: precision,
                expected: Precision.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return known
    }
}

/// How a run outlives its process.
struct KeepingOptions: ParsableArguments {
    @Flag(help: "Go on from the checkpoint of a run that was stopped or killed; the result has the same bytes.")
    var resume = false
    @Option(
        help: ArgumentHelp(
            "Seconds between checkpoints, written beside the bundle; 0: after every step.", valueName: "seconds"))
    var checkpointEvery = 60.0

    func validate() throws {
        if !(checkpointEvery >= 0) {
            throw ValidationError("--checkpoint-every: found \(checkpointEvery), expected 0 or more")
        }
    }

    func keeping(_ output: TrainingOutput) -> Keeping {
        Keeping(
            output.checkpoint, every: checkpointEvery, resumes: resume, isDone: { output.isDone($0) },
            stops: { StopSignals.areReceived })
    }
}

/// How much memory a run may take.
struct MemoryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Refuse a run that would take more memory, as 800MB or 2GiB. (default: the control group's, or the machine's)",
            valueName: "size"))
    var memoryLimit: String?

    func limit() throws -> MemoryLimit? { try memoryLimit.map { try MemoryLimit($0) } ?? .detected() }
}
