import Ablation
import Foundation
import Training

/// Everything that shapes a comparison of methods over languages.
///
/// The same options, data and processor type give the same scores with any number of threads.
public struct TransferOptions: Sendable, Equatable {
    /// What is compared, at least one; default all.
    public var methods = TransferMethod.allCases
    /// Whether only the first language and the first task are used; default false.
    public var usesFirstOnly = false
    /// The configuration of the tasks' adapters; default ``AdapterConfiguration/bottleneck``.
    public var configuration = AdapterConfiguration.bottleneck
    /// The configuration of the languages' adapters; default ``AdapterConfiguration/invertibleBottleneck``.
    public var languageConfiguration = AdapterConfiguration.invertibleBottleneck
    /// Largest number of training texts of a task in a language, 1 or more, as a stratified sample; default 1000.
    public var maxTrain = 1000
    /// Largest number of dev texts of a task in a language, 1 or more, as a stratified sample; default 300.
    public var maxDev = 300
    /// Largest number of test texts of a task in a language, 1 or more, as a stratified sample; default 1000.
    public var maxTest = 1000
    /// Tokens of plain text for each language's adapter, 1 or more; default 500,000.
    public var languageTokens = 500_000
    /// Tokens of plain text for the head that all languages share, 1 or more; nil (default) for twice ``languageTokens``.
    public var headTokens: Int?
    /// Passes over a task's training split, 1 or more; default 3.
    public var epochs = 3
    /// Longest text of a task in tokens, special tokens included; longer ones are truncated; default 64.
    public var maxLength = 64
    /// How a task's batches are cut; default 16 examples.
    public var batch = TrainingOptions.Batch.examples(16)
    /// Peak learning rate for tasks, over 0; nil (default) for the better of 1e-3 and 3e-3 on dev.
    public var learningRate: Double?
    /// Peak learning rate for language adapters and their head, over 0; default 4e-3.
    public var languageLearningRate = 4e-3
    /// Which language's batch comes at each step of an adapter for all languages: one of
    /// ``TrainingOptions/schedulerNames`` but `given`; default `proportional`.
    public var scheduler = "proportional"
    /// Precision of products with frozen weights; default float32.
    public var precision = Precision.float32
    /// Seed of all random numbers, 0 or more; default 0.
    public var seed = 0
    /// Seconds between checkpoints of the training that runs; 0 for every step; default 60.
    public var checkpointInterval = 60.0
    /// Memory that each training may take; default ``MemoryLimit/automatic``.
    public var memoryLimit = MemoryLimit.automatic
    /// The command that the report names among its sources; nil (default) for none.
    public var command: String?

    /// Creates the defaults.
    public init() {}

    /// A quick comparison: the first language and the first task, the learning rate 2e-3, at most 400 training, 150 dev and
    /// 300 test texts, and 60,000 tokens for each language adapter.
    public static var quick: TransferOptions {
        var options = TransferOptions()
        options.usesFirstOnly = true
        options.learningRate = 2e-3
        (options.maxTrain, options.maxDev, options.maxTest) = (400, 150, 300)
        options.languageTokens = 60_000
        return options
    }
}

/// What is trained in one language and tested in others.
struct TransferSubject {
    /// The language of the training labels.
    var source: String
    var targets: [String]
    var tasks: [String]

    /// Names as given: each counts once, and the source is no target.
    /// - Throws: `TrainingError.setting`
    init(tasks: [String], from source: String, to languages: [String]) throws {
        self.source = try Self.names([source], option: "--source")[0]
        targets = try Self.names(languages, option: "--languages", without: source)
        self.tasks = try Self.names(tasks, option: "--tasks")
    }

    /// They are parts of paths.
    private static func names(_ list: [String], option: String, without: String? = nil) throws -> [String] {
        var names: [String] = []
        for name in list {
            guard !name.isEmpty, !name.contains("/"), !name.hasPrefix(".") else {
                throw TrainingError.setting(name: option, found: name, expected: "names separated by commas")
            }
            if !names.contains(name), name != without { names.append(name) }
        }
        guard !names.isEmpty else {
            throw TrainingError.setting(
                name: option, found: list.joined(separator: ","),
                expected: "at least one name" + (without.map { " other than the source language \($0)" } ?? ""))
        }
        return names
    }
}

extension TransferOptions: ExperimentOptions {
    /// - Throws: `TrainingError.setting`, `AmalgamError`
    func plan(_ subject: TransferSubject) throws -> TransferPlan {
        let count = usesFirstOnly ? 1 : Int.max
        var plan = TransferPlan(
            source: subject.source, targets: Array(subject.targets.prefix(count)),
            tasks: Array(subject.tasks.prefix(count)), configuration: configuration.stored,
            languageConfiguration: languageConfiguration.stored)
        guard !methods.isEmpty else {
            throw TrainingError.setting(name: "--methods", found: "", expected: "at least one name")
        }
        plan.methods = TransferMethod.allCases.filter(methods.contains).map(\.stored)
        try checkCounts([
            "--max-train": maxTrain, "--max-dev": maxDev, "--max-test": maxTest, "--language-tokens": languageTokens,
            "--head-tokens": headTokens,
        ])
        try validate()
        plan.scheduler = scheduler
        (plan.maxTrain, plan.maxDev, plan.maxTest) = (maxTrain, maxDev, maxTest)
        plan.languageTokens = languageTokens
        plan.headTokens = headTokens ?? 2 * min(languageTokens, Int.max / 2)
        plan.settings.epochs = epochs
        plan.settings.maxLength = maxLength
        plan.settings.batch = batch.stored
        if let learningRate {
            plan.settings.learningRate = learningRate
            plan.rates = [learningRate]
        }
        plan.languageSettings.learningRate = languageLearningRate
        (plan.settings.precision, plan.languageSettings.precision) = (precision.stored, precision.stored)
        (plan.settings.seed, plan.languageSettings.seed) = (seed, seed)
        try plan.settings.validate()
        do { try plan.languageSettings.validate() } catch { throw Self.ofLanguages(error) }
        return plan
    }

    /// A mistake in the settings of the languages' trainings, of which only the rate is an option.
    private static func ofLanguages(_ error: TrainingError) -> TrainingError {
        guard case .setting("--lr", let found, let expected) = error else { return error }
        return .setting(name: "--language-lr", found: found, expected: expected)
    }
}
