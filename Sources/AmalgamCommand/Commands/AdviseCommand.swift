import Amalgam
import ArgumentParser
import Foundation

struct AdviseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "advise", abstract: "Rank existing adapters for a task, without training.",
        discussion: "Scores of a bundle's features on the task's training texts; larger is better:\n"
            + AdviceOptions.methods.map { "  \($0.name): \($0.summary)" }.joined(separator: "\n"))

    @Option(help: "A task's YAML, or a folder with a train file.") var task: String
    @Option(help: ArgumentHelp("A folder with bundles.", valueName: "folder")) var from: String?
    @Option(parsing: .upToNextOption, help: "The bundles to rank.") var adapters: [String] = []
    @Option(
        help: ArgumentHelp(
            "A Hugging Face folder or the name of a fetched model. (default: the one that the first bundle names)",
            valueName: "folder or name"))
    var model: String?
    @Option(help: "The score that ranks; see above.") var method = AdviceOptions().method
    @Option(help: ArgumentHelp("Training texts that are looked at; more are sampled.", valueName: "n"))
    var texts = AdviceOptions().texts
    @Option(help: "Maximum length in tokens; longer texts are truncated.") var maxLength = AdviceOptions().maxLength
    @Option(help: "Features of a text: mean or cls.") var pooling = "mean"
    @OptionGroup var language: LanguageOption
    @OptionGroup var precision: PrecisionOption
    @Flag(help: "Allow bundles that were trained on a different model, if all shapes match.") var force = false
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (from == nil) != adapters.isEmpty else {
            throw ValidationError("--from, --adapters: give one of the two")
        }
        guard ["mean", "cls"].contains(pooling) else {
            throw ValidationError("--pooling: found \(pooling), expected mean or cls")
        }
    }

    func run() async throws {
        try await guarded {
            var options = AdviceOptions()
            options.method = method
            options.texts = texts
            options.seed = common.seed
            options.maxLength = maxLength
            options.pooling = pooling == "cls" ? .firstToken : .mean
            options.precision = try precision.value()
            options.allowsOtherModel = force
            let task = try TextTask(contentsOf: URL(fileURLWithPath: task))
            let advice = try await advice(on: task, options)
            Console.warn(advice.warnings)
            guard common.json else { return Console.write(advice.report.terminalText) }
            Console.print(advice.values.json)
        }
    }

    private func advice(on task: TextTask, _ options: AdviceOptions) async throws -> Advice {
        let display = common.progress
        let progress: @Sendable (Int, Int, String?) -> Void = { done, all, bundle in
            display.message("\(done + 1) of \(all): \(bundle ?? "the model alone")")
        }
        let bundles = try adapters.map { try AdapterBundle(contentsOf: URL(fileURLWithPath: $0)) }
        let below = try language.bundle()
        if let from {
            let folder = URL(fileURLWithPath: from)
            let model = try self.model(bundles: {
                try AdapterBundle.files(in: folder).lazy.compactMap { try? AdapterBundle(contentsOf: $0) }.first
            })
            return try await model.advise(on: task, from: folder, language: below, options: options, progress: progress)
        }
        let model = try self.model(bundles: { bundles.first })
        return try await model.advise(on: task, from: bundles, language: below, options: options, progress: progress)
    }

    /// - Parameter bundles: gives the bundle whose model is used if the user names none
    private func model(bundles: () throws -> AdapterBundle?) throws -> Model {
        if let model { return try Model(named: model, threads: common.threads) }
        guard let name = try bundles()?.base.name else {
            throw wrongOption("--model", found: "none, and no bundle that can be read", expected: "a folder or a name")
        }
        return try Model(named: name, threads: common.threads)
    }
}
