import Ablation
import Foundation
import Training

/// Everything that shapes a comparison of ways to train.
///
/// The same options, data and processor type give the same scores with any number of threads.
public struct AblationOptions: Sendable, Equatable {
    /// What is compared, at least one, with different names; default ``AblationArm/standard``.
    public var arms = AblationArm.standard
    /// The first seed, 0 or more; default 0. It also selects the examples where a split is sampled.
    public var seed = 0
    /// Number of seeds, 1 to 1000; default 3. Every trained arm is trained with each, and its scores are means.
    public var seeds = 3
    /// Numbers of training texts of each task, for learning curves; none (default) for all texts. Each seed draws texts of its
    /// own.
    public var sizes: [Int] = []
    /// Whether each trained arm chooses its learning rate on dev from a grid of its own; default true. If not, it uses one
    /// preset rate.
    public var choosesRates = true
    /// Whether the first seed chooses the learning rate for all seeds; default false: each seed chooses its own.
    public var choosesRatesOnce = false
    /// Arms to compare with themselves, as a check of the statistics; default none.
    public var calibrations: [AblationCalibration] = []
    /// The adapters' configuration; default ``AdapterConfiguration/bottleneck``.
    public var configuration = AdapterConfiguration.bottleneck
    /// Passes over the training split, 1 or more; default 5.
    public var epochs = 5
    /// Longest text in tokens, special tokens included; longer ones are truncated; default 128.
    public var maxLength = 128
    /// How batches are cut; default 16 examples.
    public var batch = TrainingOptions.Batch.examples(16)
    /// Precision of products with frozen weights; default float32.
    public var precision = Precision.float32
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
    /// A folder for TensorBoard, in which each training at its chosen rate gets a run of its own; nil (default) for none.
    public var tensorBoardFolder: URL?
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
        for size in sizes { try checkCounts(["--sizes": size]) }
        var plan = AblationPlan(configuration: configuration.stored)
        plan.quick = !choosesRates
        plan.tunesOnce = choosesRatesOnce
        plan.sizes = Set(sizes).sorted()
        plan.scheduler = scheduler
        plan.settings.seed = seed
        plan.settings.epochs = epochs
        plan.settings.maxLength = maxLength
        plan.settings.batch = batch.stored
        plan.settings.precision = precision.stored
        (plan.maxTrain, plan.maxDev, plan.maxTest) = (maxTrain, maxDev, maxTest)
        try plan.settings.validate()
        guard seed <= Int.max - seeds else {
            throw TrainingError.setting(name: "--seed", found: "\(seed)", expected: "at most \(Int.max - seeds)")
        }
        plan.seeds = (0..<seeds).map { seed + $0 }
        plan.arms = try arms.reduce(into: []) { all, arm in
            let stored = try arm.stored(in: plan)
            if !all.contains(stored) { all.append(stored) }
        }
        plan.calibrations = try calibrations.map { try $0.stored(in: plan) }
        return plan
    }

    /// Reads a comparison from a YAML file: its tasks, and the options.
    ///
    /// ```yaml
    /// tasks: [role.yaml, use.yaml]
    /// arms:
    ///   - tfidf
    ///   - adapter
    ///   - {kind: adapter, name: adapter_10_epochs, epochs: 10}
    ///   - {kind: auto, sizes: [200]}
    /// seeds: 5
    /// sizes: [200, 1000]
    /// calibration: [{arm: adapter, comparisons: 100, sizes: [200]}]
    /// ```
    /// Other keys: `seed`, `config` and `set` (the adapters' configuration), `epochs`, `max_length`, `batch_size`,
    /// `precision`, `scheduler`, `learning_rates` (`each-seed`, `first-seed` or `preset`), `max_train`, `max_dev`, `max_test`.
    /// An arm may have `kind`, `name`, `label`, `config`, `set`, `rates`, `seeds`, `sizes` and `epochs`; a
    /// multi-task arm also `scheduler`, `balancer`, `mix` and `task_cap`.
    /// - Parameter file: Relative paths in it start from its folder.
    /// - Returns: The tasks' files or folders, and the options.
    /// - Throws: ``AmalgamError``, naming the file, the line and the key.
    public static func read(_ file: URL) throws(AmalgamError) -> (tasks: [URL], options: AblationOptions) {
        let read = try translated { try AblationPlanFile(contentsOf: file) }
        return (read.tasks, AblationOptions(read.plan))
    }

    private init(_ plan: AblationPlan) {
        self.init()
        arms = plan.arms.map(AblationArm.init)
        (seed, seeds, sizes) = (plan.settings.seed, plan.seeds.count, plan.sizes)
        (choosesRates, choosesRatesOnce) = (!plan.quick, plan.tunesOnce)
        calibrations = plan.calibrations.map(AblationCalibration.init)
        configuration = AdapterConfiguration(plan.configuration)
        (epochs, maxLength) = (plan.settings.epochs, plan.settings.maxLength)
        if case .examples(let count) = plan.settings.batch { batch = .examples(count) }
        precision = plan.settings.precision == .float32 ? .float32 : .bfloat16
        (maxTrain, maxDev, maxTest) = (plan.maxTrain, plan.maxDev, plan.maxTest)
        scheduler = plan.scheduler
    }
}
