import Adapters
import ArgumentParser
import Training

struct TrainMultitaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train-multitask",
        abstract: "Train one shared adapter, or all weights, on several tasks at once, with a head per task.")

    @OptionGroup var model: ModelOptions
    @Option(parsing: .upToNextOption, help: "Task YAMLs or folders.") var tasks: [String]
    @Option(help: "The bundle to write.") var out: String
    @Option(help: "Weights that the tasks share: adapter (one adapter) or full (all weights).") var mode = "adapter"
    @Option(help: "Scheduler that chooses the task of each step: \(TaskSchedulers.names.joined(separator: ", ")).")
    var scheduler = "proportional"
    @Option(
        help: """
            Balancer of the tasks' losses: \(LossBalancers.names.joined(separator: ", ")). The second learns a weight for \
            each task (Kendall et al. 2018).
            """)
    var balancer = "equal"
    @Option(
        help: """
            Tasks of a batch: batch (one, chosen by the scheduler) or within (several: the scheduler chooses the task of each \
            example).
            """)
    var mix = "batch"
    @Option(help: "An adapter configuration: \(AdapterMethods.presetNames.joined(separator: ", ")), or a YAML file.")
    var config = "seq_bn"
    @Option(
        name: .customLong("set"), parsing: .singleValue, help: "Override a field of the configuration: field=value.")
    var overrides: [String] = []
    @Flag(
        help: """
            Train tasks with the same training file together: one pass over each text serves all their heads. A row may lack \
            the answer of some tasks.
            """)
    var shareTexts = false
    @OptionGroup var training: TrainingOptions
    @OptionGroup var labels: LabelOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        try guarded {
            let multitask = try Multitask(
                scheduler: scheduler, balancer: balancer, mix: mix, sharesTexts: shareTexts)
            let recipe: Recipe
            switch mode {
            case "adapter": recipe = .adapter(try .resolve(config, overrides: overrides), from: nil)
            case "full": recipe = .full
            default: throw TrainingError.setting(name: "--mode", found: mode, expected: "adapter or full")
            }
            let data = try tasks.map { try TaskLoading.load($0, options: labels) }
            try TrainingRun(common: common, options: training, out: out).run(
                recipe, on: data, session: try model.session(common), rate: mode == "full" ? 2e-4 : 1e-3,
                multitask: multitask)
        }
    }
}
