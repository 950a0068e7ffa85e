import Adapters
import ArgumentParser
import Bundles
import Foundation
import Training

struct TrainAdapterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train-adapter", abstract: "Train a small adapter and a head for one task; the model stays frozen."
    )

    @OptionGroup var model: ModelOptions
    @Option(help: "A task's YAML, or a folder with train, dev and test files.") var task: String
    @Option(help: "The bundle to write.") var out: String
    @Option(help: "An adapter configuration: \(AdapterMethods.presetNames.joined(separator: ", ")), or a YAML file.")
    var config = "seq_bn"
    @Option(
        name: .customLong("set"), parsing: .singleValue, help: "Override a field of the configuration: field=value.")
    var overrides: [String] = []
    @Option(help: "Start from this bundle's adapter.") var initFrom: String?
    @OptionGroup var composition: ComposeOption
    @OptionGroup var language: LanguageOption
    @OptionGroup var training: TrainingOptions
    @OptionGroup var labels: LabelOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        try guarded {
            let configuration = try AdapterConfiguration.resolve(config, overrides: overrides)
            let data = try TaskLoading.load(task, splits: nil, options: labels)
            let session = try model.session(common)
            let source = try initFrom.map { try AdapterBundle.read($0, for: session) }
            let recipe =
                try composition.recipe(for: session, new: configuration, from: source)
                ?? .adapter(configuration, from: source)
            try TrainingRun(common: common, options: training, out: out)
                .run(recipe, on: [data], session: session, language: try language.read(for: session), rate: 1e-3)
        }
    }
}
