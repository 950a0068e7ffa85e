import Amalgam
import ArgumentParser
import Foundation

struct AblateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ablate",
        abstract:
            "Compare adapters, fusion, multi-task training and full fine-tuning on several tasks; write a report.",
        discussion: """
            A plan is a YAML file with tasks and arms, and optionally seeds, sizes, epochs and more; the options below say the
            same without a file. Every trained arm uses the same training tokens of each task. Finished trainings in --out are
            reused. With sizes, each seed draws training texts of its own.
            """)

    @OptionGroup var model: ModelOptions
    @Argument(help: "A plan; instead of --tasks, --arms and the other options of the comparison.") var plan: String?
    @Option(parsing: .upToNextOption, help: "Task YAMLs or folders.") var tasks: [String] = []
    @Option(help: "The output folder, for the runs and the report.") var out: String
    @Option(help: "Number of seeds, starting at --seed. (default: 3; 1 with --quick)") var seeds: Int?
    @Option(help: "Numbers of training texts for learning curves, such as 200,1000. (default: all texts)")
    var sizes: String?
    @Flag(help: "Quick comparison: one seed, one learning rate per arm, small splits.") var quick = false
    @Option(
        parsing: .upToNextOption,
        help: "The arms: \(AblationArm.kinds.joined(separator: ", ")). (default: \(Self.standard))")
    var arms: [String] = []
    @Option(help: "The adapter configuration: a name or a YAML file. (default: seq_bn)") var config: String?
    @Option(help: "Epochs for every arm. (default: 5; 3 with --quick)") var epochs: Int?
    @Option(help: "Maximum length in tokens; longer texts are truncated. (default: 128; 64 with --quick)")
    var maxLength: Int?
    @Option(help: "Examples per batch. (default: 16)") var batchSize: Int?
    @Option(help: "Maximum training examples per task (stratified sample).") var maxTrain: Int?
    @Option(help: "Maximum dev examples per task (stratified sample).") var maxDev: Int?
    @Option(help: "Maximum test examples per task (stratified sample).") var maxTest: Int?
    @Option(
        help:
            "Precision of matrix products with frozen weights: fp32, or bf16 if the processor supports it. (default: fp32)"
    )
    var precision: String?
    @Option(
        help:
            "Task scheduler of the multi-task arms: \(TrainingOptions.schedulerNames.filter { $0 != "given" }.joined(separator: ", ")). (default: proportional)"
    )
    var scheduler: String?
    @Flag(help: "The first seed chooses each arm's learning rate for all seeds.") var tuneOnce = false
    @Option(
        parsing: .upToNextOption,
        help: "Check the intervals: compare these arms with themselves under other seeds, 100 times each.")
    var calibrate: [String] = []
    @Option(
        help: ArgumentHelp(
            "Write curves of every training for TensorBoard into this folder, once all have finished.",
            valueName: "folder"))
    var tensorboard: String?
    @Flag(help: "Resume a stopped or killed run. (This is also the default.)") var resume = false
    @Option(help: ArgumentHelp("Seconds between checkpoints; 0 for every step.", valueName: "seconds"))
    var checkpointEvery = 60.0
    @OptionGroup var memory: MemoryOptions
    @OptionGroup var labels: LabelOptions
    @OptionGroup var common: CommonOptions

    private static let standard = AblationArm.standard.map(\.name).joined(separator: ", ")

    /// The tasks' paths and the options, of the plan or of the command line.
    private func comparison() throws -> (tasks: [String], options: AblationOptions) {
        var (tasks, options) = (self.tasks, quick ? AblationOptions.quick : AblationOptions())
        if let plan {
            let given =
                [
                    ("--seeds", seeds != nil), ("--sizes", sizes != nil), ("--quick", quick),
                    ("--config", config != nil),
                    ("--epochs", epochs != nil), ("--max-length", maxLength != nil), ("--batch-size", batchSize != nil),
                    ("--max-train", maxTrain != nil), ("--max-dev", maxDev != nil), ("--max-test", maxTest != nil),
                    ("--precision", precision != nil), ("--scheduler", scheduler != nil), ("--arms", !arms.isEmpty),
                    ("--tasks", !tasks.isEmpty), ("--seed", common.seed != 0), ("--tune-once", tuneOnce),
                    ("--calibrate", !calibrate.isEmpty),
                ].first { $0.1 }
            if let given {
                throw wrongOption(
                    given.0, found: "a plan beside it", expected: "one of them: the plan file says it all")
            }
            let read = try AblationOptions.read(URL(fileURLWithPath: plan))
            (tasks, options) = (read.tasks.map(\.path), read.options)
        } else {
            try set(&options)
        }
        options.checkpointInterval = checkpointEvery
        options.memoryLimit = try memory.limit()
        options.tensorBoardFolder = tensorboard.map { URL(fileURLWithPath: $0) }
        options.command = ExperimentRun.command
        return (tasks, options)
    }

    private func set(_ options: inout AblationOptions) throws {
        if let config { options.configuration = try AdapterConfiguration(config) }
        options.seed = common.seed
        options.seeds = seeds ?? options.seeds
        if !arms.isEmpty {
            options.arms = try arms.map { name in
                guard let arm = AblationArm(name) else {
                    throw wrongOption(
                        "--arms", found: name, expected: AblationArm.kinds.joined(separator: ", "))
                }
                return arm
            }
        }
        if let sizes {
            options.sizes = try sizes.split(separator: ",").map { part in
                guard let size = Int(part), size >= 1 else {
                    throw wrongOption("--sizes", found: String(part), expected: "whole numbers, such as 200,1000")
                }
                return size
            }
        }
        if let precision { options.precision = try PrecisionOption.value(precision) }
        options.choosesRatesOnce = tuneOnce
        options.calibrations = calibrate.map { AblationCalibration($0) }
        options.scheduler = scheduler ?? options.scheduler
        options.epochs = epochs ?? options.epochs
        options.maxLength = maxLength ?? options.maxLength
        options.batch = .examples(batchSize ?? 16)
        options.maxTrain = maxTrain ?? options.maxTrain
        options.maxDev = maxDev ?? options.maxDev
        options.maxTest = maxTest ?? options.maxTest
    }

    func run() async throws {
        try await guarded {
            let (paths, options) = try comparison()
            let tasks = try paths.map { try labels.task($0) }
            let model = try model.model(common)
            try await ExperimentRun(
                common: common, fields: ["rows", "comparisons", "calibration"], warnsWithProgress: false
            ).run {
                model.ablate(tasks, in: URL(fileURLWithPath: out), options: options)
            }
        }
    }
}
