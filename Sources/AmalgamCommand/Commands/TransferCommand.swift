import Ablation
import Adapters
import ArgumentParser
import Corpora
import Files
import Foundation
import Reporting
import Training

struct TransferCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transfer",
        abstract: "Train tasks in one language and test them in others; write a report by task, language and method.",
        discussion: """
            --data is a folder that 'amalgam data debian' wrote, or your own folder with the same layout:
              tasks/TASK.yaml              the task in the source language (tasks/TASK.SOURCE.yaml takes precedence)
              tasks/TASK.LANG.yaml         the same task, with the same labels, in another language
              LANG/unlabelled/train.txt    plain text for that language's adapter, one text per line
              LANG/unlabelled/dev.txt      held-out text (default: a part of train.txt)
            A language may lack some of the tasks. If rows in several languages are translations of one another, name the
            column that they share in the task's YAML ('fields: {group: COLUMN}'); the intervals then resample whole groups.
            Before training, the command prints its budget and a time estimate. Finished runs in --out are reused.
            """)

    @OptionGroup var model: ModelOptions
    @Option(
        help: ArgumentHelp(
            "A model for the source language, for comparison: a folder or the name of a fetched model.",
            valueName: "folder or name"
        ))
    var englishModel: String?
    @Option(help: "The input folder, with tasks and plain text.") var data: String
    @Option(help: "The language to train on.") var source = "en"
    @Option(help: "The languages to test in, for example de,fr,pt_BR.") var languages: String
    @Option(help: "The tasks, for example role,use.") var tasks: String
    @Option(help: "The output folder, for the runs and the report.") var out: String
    @Option(
        help:
            "Only these methods, separated by commas: \(TransferMethod.allCases.map(\.rawValue).joined(separator: ", "))."
    )
    var methods: String?
    @Flag(help: "Quick comparison: only the first language and the first task, with small splits.") var quick = false
    @Option(help: "The adapter configuration for tasks: a name or a YAML file.") var config = "seq_bn"
    @Option(help: "The adapter configuration for languages: a name or a YAML file.") var languageConfig = "seq_bn_inv"
    @Option(
        help:
            "Maximum training texts per task and language (stratified sample). (default: 1000; 400 with --quick)"
    )
    var maxTrain: Int?
    @Option(help: "Maximum dev texts (stratified sample). (default: 300; 150 with --quick)") var maxDev: Int?
    @Option(help: "Maximum test texts (stratified sample). (default: 1000; 300 with --quick)") var maxTest: Int?
    @Option(help: "Tokens of plain text per language adapter. (default: 500000; 60000 with --quick)")
    var languageTokens: Int?
    @Option(help: "Tokens of plain text for the head that all languages share. (default: twice --language-tokens)")
    var headTokens: Int?
    @Option(help: "Epochs for tasks. (default: 3)") var epochs: Int?
    @Option(help: "Maximum length of a task's text in tokens. (default: 64)") var maxLength: Int?
    @Option(help: "Examples per batch.") var batchSize = 16
    @Option(help: "Learning rate for tasks. (default: the better of 1e-3 and 3e-3 on dev; 2e-3 with --quick)")
    var lr: Double?
    @Option(help: "Peak learning rate for language adapters and their head. (default: 4e-3)") var languageLr: Double?
    @Option(
        help: "Scheduler when one adapter trains on all languages: \(TaskSchedulers.names.joined(separator: ", ")).")
    var scheduler =
        "proportional"
    @Flag(help: "Resume a stopped or killed run. (This is also the default.)") var resume = false
    @Option(help: ArgumentHelp("Seconds between checkpoints; 0 for every step.", valueName: "seconds"))
    var checkpointEvery = 60.0
    @OptionGroup var precision: PrecisionOption
    @OptionGroup var memory: MemoryOptions
    @OptionGroup var common: CommonOptions

    /// The names in "a,b, c", each once.
    private static func names(_ list: String, option: String, without: String? = nil) throws -> [String] {
        var names: [String] = []
        for part in list.split(separator: ",") {
            let name = part.trimmingCharacters(in: .whitespaces)
            guard !name.isEmpty, !name.contains("/"), !name.hasPrefix(".") else {
                throw TrainingError.setting(name: option, found: name, expected: "names separated by commas")
            }
            if !names.contains(name), name != without { names.append(name) }
        }
        guard !names.isEmpty else {
            throw TrainingError.setting(
                name: option, found: list,
                expected: "at least one name" + (without.map { " other than the source language \($0)" } ?? ""))
        }
        return names
    }

    private func plan() throws -> TransferPlan {
        let source = try Self.names(source, option: "--source")
        guard source.count == 1 else {
            throw TrainingError.setting(name: "--source", found: self.source, expected: "one language")
        }
        var plan = TransferPlan(
            source: source[0], targets: try Self.names(languages, option: "--languages", without: source[0]),
            tasks: try Self.names(tasks, option: "--tasks"), configuration: try AdapterConfiguration.resolve(config),
            languageConfiguration: try AdapterConfiguration.resolve(languageConfig))
        if quick { plan.shorten() }
        if let methods {
            let wanted = try Self.names(methods, option: "--methods")
            let known = TransferMethod.allCases
            for name in wanted where TransferMethod(rawValue: name) == nil {
                throw TrainingError.setting(
                    name: "--methods", found: name, expected: known.map(\.rawValue).joined(separator: ", "))
            }
            plan.methods = known.filter { wanted.contains($0.rawValue) }
        }
        for (name, value) in [
            ("--max-train", maxTrain), ("--max-dev", maxDev), ("--max-test", maxTest),
            ("--language-tokens", languageTokens), ("--head-tokens", headTokens),
        ] {
            if let value, value < 1 {
                throw TrainingError.setting(name: name, found: "\(value)", expected: "1 or more")
            }
        }
        guard TaskSchedulers.named(scheduler) != nil else {
            throw TrainingError.setting(
                name: "--scheduler", found: scheduler, expected: TaskSchedulers.names.joined(separator: ", "))
        }
        plan.scheduler = scheduler
        plan.maxTrain = maxTrain ?? plan.maxTrain
        plan.maxDev = maxDev ?? plan.maxDev
        plan.maxTest = maxTest ?? plan.maxTest
        plan.headTokens = headTokens ?? languageTokens.map { 2 * $0 } ?? plan.headTokens
        plan.languageTokens = languageTokens ?? plan.languageTokens
        plan.settings.epochs = epochs ?? plan.settings.epochs
        plan.settings.maxLength = maxLength ?? plan.settings.maxLength
        if let lr {
            plan.settings.learningRate = lr
            plan.rates = [lr]
        }
        plan.settings.batch = .examples(batchSize)
        plan.languageSettings.learningRate = languageLr ?? plan.languageSettings.learningRate
        let precision = try precision.value()
        (plan.settings.precision, plan.languageSettings.precision) = (precision, precision)
        (plan.settings.seed, plan.languageSettings.seed) = (common.seed, common.seed)
        try plan.settings.validate()
        try plan.languageSettings.validate()
        return plan
    }

    func run() throws {
        try guarded {
            let plan = try plan()
            let content = try TransferData(
                folder: URL(fileURLWithPath: data), plan: plan,
                needsTexts: plan.methods.contains { $0.usesLanguageAdapters })
            let session = try model.session(common)
            let store = ModelStore()
            let other = try englishModel.map {
                try Session(folder: store.resolve($0), threads: common.threadCount, cache: store.home)
            }
            try ExperimentRun(common: common, memory: memory, checkpointEvery: checkpointEvery, out: out)
                .run(who: "transfer", field: "scores") { folder, environment in
                    try TransferExperiment(plan, session: session, other: other, data: content)
                        .run(in: folder, environment)
                }
        }
    }
}
