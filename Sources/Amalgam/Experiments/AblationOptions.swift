import Ablation
import Foundation
import Training

/// A way to get a model: what ``Model/ablate(_:in:options:)`` compares.
public enum AblationArm: String, Sendable, CaseIterable {
    /// The majority class, or the constant that fits the task's metric. Nothing is trained.
    case majority
    /// A linear model on TF-IDF features, or what is classic for the task's kind. No encoder is used.
    case tfidf
    /// A head on the frozen model.
    case head
    /// An adapter and a head for each task.
    case adapter
    /// A fusion of all tasks' adapters, for each task.
    case fusion
    /// One adapter for all tasks, with a head for each.
    case multitaskAdapter = "multitask_adapter"
    /// Full fine-tuning for each task.
    case full
    /// Full fine-tuning on all tasks together, with a head for each.
    case multitaskFull = "multitask_full"

    var stored: Arm { Arm(rawValue: rawValue) ?? .adapter }
}

/// Everything that shapes a comparison of ways to train.
///
/// The same options, data and processor type give the same scores with any number of threads.
public struct AblationOptions: Sendable, Equatable {
    /// What is compared, at least one; default all.
    public var arms = AblationArm.allCases
    /// The first seed, 0 or more; default 0. It also selects the examples where a split is sampled.
    public var seed = 0
    /// Number of seeds, 1 to 1000; default 3. Every trained arm is trained with each, and its scores are means.
    public var seeds = 3
    /// Whether each trained arm chooses its learning rate on dev from a grid of its own; default true. If not, it uses one
    /// preset rate.
    public var choosesRates = true
    /// The adapters' configuration; default ``AdapterConfiguration/bottleneck``.
    public var configuration = AdapterConfiguration.bottleneck
    /// Passes over the training split, 1 or more; default 5.
    public var epochs = 5
    /// Longest text in tokens, special tokens included; longer ones are truncated; default 128.
    public var maxLength = 128
    /// How batches are cut; default 16 examples.
    public var batch = TrainingOptions.Batch.examples(16)
    /// Largest number of training examples of a task, 1 or more, as a stratified sample; nil (default) for all.
    public var maxTrain: Int?
    /// Largest number of dev examples of a task, 1 or more, as a stratified sample; nil (default) for all.
    public var maxDev: Int?
    /// Largest number of test examples of a task, 1 or more, as a stratified sample; nil (default) for all.
    public var maxTest: Int?
    /// Which task's batch comes at each step of the multi-task arms: one of ``TrainingOptions/schedulerNames`` but
    /// `given`; default `proportional`.
    public var scheduler = "proportional"
    /// Seconds between checkpoints of the training that runs; 0 for every step; default 60.
    public var checkpointInterval = 60.0
    /// Memory that each training may take; default ``MemoryLimit/automatic``.
    public var memoryLimit = MemoryLimit.automatic
    /// The command that the report names among its sources; nil (default) for none.
    public var command: String?

    /// Creates the defaults.
    public init() {}

    /// A quick comparison: one seed, one preset learning rate for each arm, 3 epochs, texts of 64 tokens, and at most 500
    /// training, 150 dev and 400 test examples.
    public static var quick: AblationOptions {
        let plan = AblationPlan.quick(configuration: AdapterConfiguration.bottleneck.stored)
        var options = AblationOptions()
        options.seeds = plan.seeds.count
        options.choosesRates = !plan.quick
        options.epochs = plan.settings.epochs
        options.maxLength = plan.settings.maxLength
        (options.maxTrain, options.maxDev, options.maxTest) = (plan.maxTrain, plan.maxDev, plan.maxTest)
        return options
    }
}

extension AblationOptions: ExperimentOptions {
    /// - Throws: `TrainingError.setting`, `AmalgamError`
    func plan() throws -> AblationPlan {
        guard (1...1000).contains(seeds) else {
            throw TrainingError.setting(name: "--seeds", found: "\(seeds)", expected: "1 to 1000")
        }
        guard !arms.isEmpty else {
            throw TrainingError.setting(name: "--arms", found: "none", expected: "at least one arm")
        }
        try validate()
        try checkCounts(["--max-train": maxTrain, "--max-dev": maxDev, "--max-test": maxTest])
        var plan = AblationPlan(configuration: configuration.stored)
        plan.quick = !choosesRates
        plan.arms = arms.reduce(into: []) { if !$0.contains($1.stored) { $0.append($1.stored) } }
        plan.scheduler = scheduler
        plan.settings.seed = seed
        plan.settings.epochs = epochs
        plan.settings.maxLength = maxLength
        plan.settings.batch = batch.stored
        (plan.maxTrain, plan.maxDev, plan.maxTest) = (maxTrain, maxDev, maxTest)
        try plan.settings.validate()
        guard seed <= Int.max - seeds else {
            throw TrainingError.setting(name: "--seed", found: "\(seed)", expected: "at most \(Int.max - seeds)")
        }
        plan.seeds = (0..<seeds).map { seed + $0 }
        return plan
    }
}
