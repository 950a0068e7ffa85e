import Adapters
import Models
import Numerics

/// How batches are cut from an epoch's order.
package enum BatchPolicy: Equatable, Sendable {
    /// So many examples, whatever their lengths.
    case examples(Int)
    /// As many examples as fit into so many tokens, at least one.
    case tokens(Int)
}

/// Which state a run ends with.
package enum Keep: String, CaseIterable, Sendable {
    /// The one of the epoch that was best on dev
    case best
    case last
}

/// What a step without a finite loss or gradient does.
package enum OnNotFinite: String, CaseIterable, Sendable {
    case stop
    /// The step is left out and counted.
    case skip
}

/// All that shapes the result of a training run. Threads, paths and progress are not here: they must not.
package struct TrainingSettings: Equatable, Sendable {
    package var seed = 0
    package var epochs = 5
    package var learningRate = 1e-3
    /// Share of the steps in which the learning rate rises.
    package var warmup = 0.1
    package var schedule = "linear"
    package var weightDecay = 0.01
    /// Largest norm of the gradient; 0: none.
    package var clip = 1.0
    /// Epochs without a better dev score until a run stops; 0: never.
    package var patience = 0
    package var batch = BatchPolicy.examples(16)
    /// Maximum length of a text in tokens, special ones included.
    package var maxLength = 128
    package var labelSmoothing = 0.0
    /// Weighs classes by n / (classes · count).
    package var classWeights = false
    /// Tasks with the same training file are trained together: one pass over each text for all their heads.
    package var sharesTexts = false
    /// Trains tagging on every token of a word; otherwise on the first of each.
    package var labelsAllTokens = false
    /// Dropout probability in the head; nil: the base's own.
    package var headDropout: Double?
    /// Whether the base drops in training, as its configuration says.
    package var baseDropout = true
    package var keep = Keep.best
    /// Whether the state of the epoch that was best on each task's dev is kept, too.
    package var keepsTaskBest = false
    /// Biases and norms are not decayed, as in transformers' trainer.
    package var decaysAll = false
    /// Of products with frozen weights.
    package var precision = Precision.float32
    package var onNotFinite = OnNotFinite.stop
    /// Of several tasks: whether a batch holds examples of one or of all.
    package var mix = Mix.batch
    /// Of several tasks: what their scheduler is told.
    package var scheduling = SchedulerSettings()
    /// Of several tasks: how their losses are weighted (`LossBalancers`).
    package var balancer = EqualBalancer.name
    /// What the losses of tasks are multiplied by, for balancers that are given it; by task.
    package var lossWeights: [String: Double] = [:]
    /// Peak learning rate of adapters and blocks that come from bundles; nil: they are frozen.
    package var adapterRate: Double?
    /// Of questions about contexts.
    package var answers = AnswerSettings()
    /// How it learns from a teacher; nil: from the data alone.
    package var distillation: DistillationSettings?

    /// The same as a factor of the run's learning rate.
    package var adapterRateFactor: Float? { adapterRate.map { Float($0 / learningRate) } }

    package init() {}

    /// - Throws: `TrainingError.setting`
    package func validate() throws(TrainingError) {
        func check(_ ok: Bool, _ name: String, _ found: Any, _ expected: String) throws(TrainingError) {
            if !ok { throw .setting(name: name, found: "\(found)", expected: expected) }
        }
        try check(seed >= 0, "--seed", seed, "0 or more")
        try check((1...100_000).contains(epochs), "--epochs", epochs, "1 to 100,000")
        try check(learningRate > 0 && learningRate <= 10, "--lr", learningRate, "over 0, at most 10")
        if let adapterRate {
            try check(adapterRate > 0 && adapterRate <= 10, "--adapter-lr", adapterRate, "over 0, at most 10")
        }
        try check((0...1).contains(warmup), "--warmup", warmup, "a share in 0...1")
        try check(weightDecay >= 0 && weightDecay < 10, "--weight-decay", weightDecay, "0 or more, below 10")
        try check(clip >= 0 && clip.isFinite, "--clip", clip, "0 (none) or more, finite")
        try check(patience >= 0, "--patience", patience, "0 (never) or more")
        try check((0..<1).contains(labelSmoothing), "--label-smoothing", labelSmoothing, "0 or more, below 1")
        try Self.validate(maxLength: maxLength)
        if let headDropout {
            try check((0..<1).contains(headDropout), "--head-dropout", headDropout, "0 or more, below 1")
        }
        switch batch {
        case .examples(let n): try check((1...1_000_000).contains(n), "--batch-size", n, "1 to 1,000,000")
        case .tokens(let n): try check((1...100_000_000).contains(n), "--batch-tokens", n, "1 to 100,000,000")
        }
        try scheduling.validate()
        try answers.validate()
        try distillation?.validate()
        try precision.validate()
        guard LearningRateSchedules.named(schedule) != nil else {
            throw .setting(
                name: "--schedule", found: schedule, expected: LearningRateSchedules.names.joined(separator: ", "))
        }
        try LossBalancers.check(balancer, weights: lossWeights)
    }

    /// - Throws: `TrainingError.setting`
    package static func validate(maxLength: Int) throws(TrainingError) {
        guard (3...65_536).contains(maxLength) else {
            throw .setting(name: "--max-length", found: "\(maxLength)", expected: "3 to 65,536")
        }
    }

    /// Canonical JSON, for provenance.
    package var json: String {
        let (batchKey, batchValue) =
            switch batch {
            case .examples(let n): ("batch_size", n)
            case .tokens(let n): ("batch_tokens", n)
            }
        var map: [String: ConfigurationValue] = [
            "epochs": .number(Double(epochs)), "lr": .number(learningRate), "warmup": .number(warmup),
            "schedule": .string(schedule), "weight_decay": .number(weightDecay), "clip": .number(clip),
            "patience": .number(Double(patience)), batchKey: .number(Double(batchValue)),
            "max_length": .number(Double(maxLength)), "label_smoothing": .number(labelSmoothing),
            "class_weights": .bool(classWeights), "head_dropout": headDropout.map { .number($0) } ?? .null,
            "base_dropout": .bool(baseDropout), "keep": .string(keep.rawValue), "decays_all": .bool(decaysAll),
            "precision": .string(precision.rawValue),
        ]
        if keepsTaskBest { map["task_best"] = .bool(true) }
        if labelsAllTokens { map["label_all_tokens"] = .bool(true) }
        if sharesTexts { map["share_texts"] = .bool(true) }
        map.merge(scheduling.fields) { $1 }
        if mix != .batch { map["mix"] = .string(mix.rawValue) }
        if balancer != EqualBalancer.name { map["balancer"] = .string(balancer) }
        if !lossWeights.isEmpty { map["loss_weights"] = .map(lossWeights.mapValues { .number($0) }) }
        if let adapterRate { map["adapter_lr"] = .number(adapterRate) }
        for (name, value) in answers.fields { map[name] = .number(Double(value)) }
        if let distillation { map.merge(distillation.fields) { $1 } }
        if onNotFinite != .stop { map["on_nan"] = .string(onNotFinite.rawValue) }
        return ConfigurationValue.map(map).json
    }

    /// The same with the formats of the base's matrices, if they are in few bits.
    func json(base: StorageSummary) -> String {
        guard !base.formats.isEmpty, case .map(var map)? = ConfigurationValue(json: json) else { return json }
        map["base_weights"] = .string(base.description)
        return ConfigurationValue.map(map).json
    }
}

extension Precision {
    /// - Throws: `TrainingError.setting` on a processor that has no such products.
    package func validate() throws(TrainingError) {
        guard self == .float32 || Products.hasBFloat16 else {
            throw .setting(
                name: "--precision", found: rawValue,
                expected: "fp32: bf16 needs a processor with AVX512_BF16 (products here: \(Products.description))")
        }
    }
}
