import Amalgam
import ArgumentParser
import Foundation

struct AblateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ablate",
        abstract:
            "Compare adapters, fusion, multi-task training and full fine-tuning on several tasks; write a report.",
        discussion:
            "Every trained arm uses the same training tokens of each task. Finished runs in --out are reused.")

    @OptionGroup var model: ModelOptions
    @Option(parsing: .upToNextOption, help: "Task YAMLs or folders.") var tasks: [String]
    @Option(help: "The output folder, for the runs and the report.") var out: String
    @Option(help: "Number of seeds, starting at --seed. (default: 3; 1 with --quick)") var seeds: Int?
    @Flag(help: "Quick comparison: one seed, one learning rate per arm, small splits.") var quick = false
    @Option(parsing: .upToNextOption, help: "Only these arms: \(Self.armNames).")
    var arms: [String] = []
    @Option(help: "The adapter configuration: a name or a YAML file.") var config = "seq_bn"
    @Option(help: "Epochs for every arm.") var epochs: Int?
    @Option(help: "Maximum length in tokens; longer texts are truncated.") var maxLength: Int?
    @Option(help: "Examples per batch.") var batchSize: Int?
    @Option(help: "Maximum training examples per task (stratified sample).") var maxTrain: Int?
    @Option(help: "Maximum dev examples per task (stratified sample).") var maxDev: Int?
    @Option(help: "Maximum test examples per task (stratified sample).") var maxTest: Int?
    @Option(
        help:
            "Task scheduler of the multi-task arms: \(TrainingOptions.schedulerNames.filter { $0 != "given" }.joined(separator: ", "))."
    )
    var scheduler =
        "proportional"
    @Flag(help: "Resume a stopped or killed run. (This is also the default.)") var resume = false
    @Option(help: ArgumentHelp("Seconds between checkpoints; 0 for every step.", valueName: "seconds"))
    var checkpointEvery = 60.0
    @OptionGroup var memory: MemoryOptions
    @OptionGroup var labels: LabelOptions
    @OptionGroup var common: CommonOptions

    private func options() throws -> AblationOptions {
        var options = quick ? AblationOptions.quick : AblationOptions()
        options.configuration = try AdapterConfiguration(config)
        options.seed = common.seed
        options.seeds = seeds ?? options.seeds
        if !arms.isEmpty {
            options.arms = try arms.map { name in
                guard let arm = AblationArm(rawValue: name) else {
                    throw wrongOption("--arms", found: name, expected: Self.armNames)
                }
                return arm
            }
        }
        options.scheduler = scheduler
        options.epochs = epochs ?? options.epochs
        options.maxLength = maxLength ?? options.maxLength
        options.batch = .examples(batchSize ?? 16)
        options.maxTrain = maxTrain ?? options.maxTrain
        options.maxDev = maxDev ?? options.maxDev
        options.maxTest = maxTest ?? options.maxTest
        options.checkpointInterval = checkpointEvery
        options.memoryLimit = try memory.limit()
        options.command = ExperimentRun.command
        return options
    }

    private static let armNames = AblationArm.allCases.map(\.rawValue).joined(separator: ", ")

    func run() async throws {
        try await guarded {
            let options = try options()
            let tasks = try tasks.map { try labels.task($0) }
            let model = try model.model(common)
            try await ExperimentRun(common: common, field: "rows", warnsWithProgress: false).run {
                model.ablate(tasks, in: URL(fileURLWithPath: out), options: options)
            }
        }
    }
}
