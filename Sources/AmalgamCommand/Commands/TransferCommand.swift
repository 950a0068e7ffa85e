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
        abstract: "Train tasks in one language, test them in others: a matrix of tasks, languages and methods.",
        discussion: """
            --data is a folder as 'amalgam data debian' writes it, or one of your own of the same shape:
              tasks/TASK.yaml              the task in the source language (tasks/TASK.SOURCE.yaml goes first)
              tasks/TASK.LANG.yaml         the same task, with the same labels, in another language
              LANG/unlabelled/train.txt    plain text for that language's adapter, one text a line
              LANG/unlabelled/dev.txt      held-out text (without it, a part of train.txt)
            A task may be missing in a language. 'fields: {group: COLUMN}' in a task's YAML names what rows of several
            languages have in common; intervals resample such groups whole. It says its budget and time before it starts;
            what is done already in --out is reused.
            """)

    @OptionGroup var model: ModelOptions
    @Option(
        help: ArgumentHelp(
            "A base for one language, to compare with: a folder or a fetched model's name.", valueName: "folder or name"
        ))
    var englishModel: String?
    @Option(help: "The folder with the tasks and the plain text.") var data: String
    @Option(help: "The language whose labels train.") var source = "en"
    @Option(help: "The languages to test in, as de,fr,pt_BR.") var languages: String
    @Option(help: "The tasks, as role,use.") var tasks: String
    @Option(help: "The folder for trainings and the report.") var out: String
    @Option(
        help:
            "Only these methods, as adapter,madx: \(TransferMethod.allCases.map(\.rawValue).joined(separator: ", ")).")
    var methods: String?
    @Flag(help: "The first language and the first task alone, small: a first look.") var quick = false
    @Option(help: "An adapter configuration for tasks, by name or YAML file.") var config = "seq_bn"
    @Option(help: "An adapter configuration for languages, by name or YAML file.") var languageConfig = "seq_bn_inv"
    @Option(
        help:
            "Sample at most so many training texts of each task and language, stratified by label. (default: 1000; 400 with --quick)"
    )
    var maxTrain: Int?
    @Option(help: "Sample at most so many dev texts. (default: 300; 150 with --quick)") var maxDev: Int?
    @Option(help: "Sample at most so many test texts. (default: 1000; 300 with --quick)") var maxTest: Int?
    @Option(help: "Pieces of plain text a language adapter. (default: 500000; 60000 with --quick)")
    var languageTokens: Int?
    @Option(help: "Pieces of plain text for the head that all share. (default: twice --language-tokens)")
    var headTokens: Int?
    @Option(help: "Epochs on tasks. (default: 3)") var epochs: Int?
    @Option(help: "Pieces a task's text is cut at. (default: 64)") var maxLength: Int?
    @Option(help: "Examples a batch.") var batchSize = 16
    @Option(help: "The one learning rate on tasks. (default: the better on dev of 1e-3 and 3e-3; 2e-3 with --quick)")
    var lr: Double?
    @Option(help: "Highest learning rate on plain text. (default: 4e-3)") var languageLr: Double?
    @Option(help: "For all languages at once: \(TaskSchedulers.names.joined(separator: ", ")).") var scheduler =
        "proportional"
    @Flag(help: "Go on where it was stopped or killed; it does so without being asked too.") var resume = false
    @Option(help: ArgumentHelp("Seconds between checkpoints of a training; 0: after every step.", valueName: "seconds"))
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
                throw TrainingError.setting(name: option, found: name, expected: "names with commas between them")
            }
            if !names.contains(name), name != without { names.append(name) }
        }
        guard !names.isEmpty else {
            throw TrainingError.setting(
                name: option, found: list,
                expected: "at least one name" + (without.map { " other than the source's, \($0)" } ?? ""))
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
        if quick { plan.beQuick() }
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
            let folder = URL(fileURLWithPath: out)
            try Folder.make(folder)
            let lock = try OutputLock(folder, who: "transfer")
            defer { withExtendedLifetime(lock) {} }
            AtomicFile.removeTemporaries(in: folder, deep: true)
            StopSignals.install()
            var around = TransferRunner.Surroundings(progress: common.progress)
            around.checkpointEvery = checkpointEvery
            around.memoryLimit = try memory.limit()
            around.stops = { StopSignals.areReceived }
            around.command = (["amalgam"] + CommandLine.arguments.dropFirst()).joined(separator: " ")
            let report = try TransferRunner(
                session: session, other: other, plan: plan, data: content, folder: folder, around: around
            ).run()
            let page = folder.appendingPathComponent("report.html").path
            guard common.json else {
                Console.print(report.text(on: Terminal.of(.output)))
                return Console.print("report: \(page)")
            }
            if case .map(let fields)? = ConfigurationValue(json: try report.json()) {
                Console.print(json: ["report": .string(page), "scores": fields["scores"] ?? .list([])])
            }
        }
    }
}
