import Amalgam
import ArgumentParser
import Foundation

struct TrainAdapterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train-adapter", abstract: "Train a small adapter and a head for one task; the model stays frozen."
    )

    @OptionGroup var model: ModelOptions
    @Option(help: "A task's YAML, or a folder with train, dev and test files.") var task: String
    @Option(help: "The bundle to write.") var out: String
    @Option(
        help: "An adapter configuration: \(AdapterConfiguration.presetNames.joined(separator: ", ")), or a YAML file.")
    var config = "seq_bn"
    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: "Override a field of the configuration: field=value; a list as targets=query,value.")
    var overrides: [String] = []
    @Option(help: "Start from this bundle's adapter.") var initFrom: String?
    @OptionGroup var composition: ComposeOption
    @OptionGroup var language: LanguageOption
    @OptionGroup var training: TrainingFlags
    @OptionGroup var labels: LabelOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await guarded {
            let run = TrainingRun(common: common, out: out)
            let configuration = try AdapterConfiguration(config, overrides: overrides)
            let options = try training.options(seed: common.seed, output: run.output)
            let task = try labels.task(task)
            let source = try initFrom.map { try AdapterBundle(contentsOf: URL(fileURLWithPath: $0)) }
            let recipe: TrainingRecipe =
                if let composition = try composition.composition() {
                    .composition(composition, new: configuration, startingFrom: source)
                } else {
                    .adapter(configuration, startingFrom: source)
                }
            try await run.run(
                recipe, on: [task], model: try model.model(common), language: try language.bundle(), options: options)
        }
    }
}
