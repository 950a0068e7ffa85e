import Amalgam
import ArgumentParser
import Foundation

struct TrainMultitaskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train-multitask",
        abstract:
            "Train one shared adapter, an adapter per task, or all weights, on several tasks at once, with a head per task."
    )

    @OptionGroup var model: ModelOptions
    @Option(parsing: .upToNextOption, help: "Task YAMLs or folders.") var tasks: [String]
    @Option(help: "The bundle to write.") var out: String
    @Option(help: "Weights that the tasks share: adapter (one adapter) or full (all weights).") var mode = "adapter"
    @OptionGroup var multitask: MultitaskFlags
    @Option(
        help: "An adapter configuration: \(AdapterConfiguration.presetNames.joined(separator: ", ")), or a YAML file.")
    var config = "seq_bn"
    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: "Override a field of the configuration: field=value; a list as targets=query,value.")
    var overrides: [String] = []
    @Option(
        help: ArgumentHelp(
            """
            What the tasks train instead of one adapter: 'multitask(new, new)' for an adapter for each task, in their order, \
            'stack(new, multitask(new, new))' for one that all share below these.
            """, valueName: "expression"))
    var compose: String?
    @OptionGroup var training: TrainingFlags
    @OptionGroup var labels: LabelOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await guarded {
            let run = TrainingRun(common: common, out: out)
            var options = try training.options(seed: common.seed, output: run.output)
            try multitask.apply(to: &options)
            let recipe: TrainingRecipe
            switch mode {
            case "adapter":
                let configuration = try AdapterConfiguration(config, overrides: overrides)
                recipe =
                    if let compose {
                        .composition(
                            try Composition(compose) { try AdapterBundle(contentsOf: URL(fileURLWithPath: $0)) },
                            new: configuration)
                    } else {
                        .adapter(configuration)
                    }
            case "full":
                guard compose == nil else {
                    throw wrongOption(
                        "--compose", found: "a composition",
                        expected: "none with --mode full, which trains the model's weights")
                }
                recipe = .allWeights
            default: throw wrongOption("--mode", found: mode, expected: "adapter or full")
            }
            try await run.run(
                recipe, on: try tasks.map { try labels.task($0) }, model: try model.model(common), options: options)
        }
    }
}
