import Amalgam
import ArgumentParser
import Foundation

struct TransferCommand: AsyncParsableCommand {
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
    @Option(help: "Only these methods, separated by commas: \(Self.methodNames).") var methods: String?
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
        help:
            "Scheduler when one adapter trains on all languages: \(TrainingOptions.schedulerNames.filter { $0 != "given" }.joined(separator: ", "))."
    )
    var scheduler =
        "proportional"
    @Flag(help: "Resume a stopped or killed run. (This is also the default.)") var resume = false
    @Option(help: ArgumentHelp("Seconds between checkpoints; 0 for every step.", valueName: "seconds"))
    var checkpointEvery = 60.0
    @OptionGroup var precision: PrecisionOption
    @OptionGroup var memory: MemoryOptions
    @OptionGroup var common: CommonOptions

    /// The names in "a,b, c".
    private static func names(_ list: String) -> [String] {
        list.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    private func options() throws -> TransferOptions {
        var options = quick ? TransferOptions.quick : TransferOptions()
        options.configuration = try AdapterConfiguration(config)
        options.languageConfiguration = try AdapterConfiguration(languageConfig)
        if let methods {
            options.methods = try Self.names(methods).map { name in
                guard let method = TransferMethod(rawValue: name) else {
                    throw wrongOption("--methods", found: name, expected: Self.methodNames)
                }
                return method
            }
        }
        options.maxTrain = maxTrain ?? options.maxTrain
        options.maxDev = maxDev ?? options.maxDev
        options.maxTest = maxTest ?? options.maxTest
        options.languageTokens = languageTokens ?? options.languageTokens
        options.headTokens = headTokens
        options.epochs = epochs ?? options.epochs
        options.maxLength = maxLength ?? options.maxLength
        options.batch = .examples(batchSize)
        options.learningRate = lr ?? options.learningRate
        options.languageLearningRate = languageLr ?? options.languageLearningRate
        options.scheduler = scheduler
        options.precision = try precision.value()
        options.seed = common.seed
        options.checkpointInterval = checkpointEvery
        options.memoryLimit = try memory.limit()
        options.command = ExperimentRun.command
        return options
    }

    private static let methodNames = TransferMethod.allCases.map(\.rawValue).joined(separator: ", ")

    func run() async throws {
        try await guarded {
            let source = Self.names(source)
            guard source.count == 1 else {
                throw wrongOption("--source", found: self.source, expected: "one language")
            }
            let options = try options()
            let model = try model.model(common)
            let other = try englishModel.map { try Model(named: $0, threads: common.threads) }
            try await ExperimentRun(common: common, fields: ["scores"], warnsWithProgress: true).run {
                model.transfer(
                    Self.names(tasks), from: source[0], to: Self.names(languages), data: URL(fileURLWithPath: data),
                    in: URL(fileURLWithPath: out), sourceModel: other, options: options)
            }
        }
    }
}
