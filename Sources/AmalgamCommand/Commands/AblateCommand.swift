import Ablation
import Adapters
import ArgumentParser
import Files
import Foundation
import Reporting
import Training

struct AblateCommand: ParsableCommand {
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
    @Option(parsing: .upToNextOption, help: "Only these arms: \(Arm.allCases.map(\.rawValue).joined(separator: ", ")).")
    var arms: [String] = []
    @Option(help: "The adapter configuration: a name or a YAML file.") var config = "seq_bn"
    @Option(help: "Epochs for every arm.") var epochs: Int?
    @Option(help: "Maximum length in tokens; longer texts are truncated.") var maxLength: Int?
    @Option(help: "Examples per batch.") var batchSize: Int?
    @Option(help: "Maximum training examples per task (stratified sample).") var maxTrain: Int?
    @Option(help: "Maximum dev examples per task (stratified sample).") var maxDev: Int?
    @Option(help: "Maximum test examples per task (stratified sample).") var maxTest: Int?
    @Option(help: "Task scheduler of the multi-task arms: \(TaskSchedulers.names.joined(separator: ", ")).")
    var scheduler =
        "proportional"
    @Flag(help: "Resume a stopped or killed run. (This is also the default.)") var resume = false
    @Option(help: ArgumentHelp("Seconds between checkpoints; 0 for every step.", valueName: "seconds"))
    var checkpointEvery = 60.0
    @OptionGroup var memory: MemoryOptions
    @OptionGroup var labels: LabelOptions
    @OptionGroup var common: CommonOptions

    private func plan() throws -> AblationPlan {
        let configuration = try AdapterConfiguration.resolve(config)
        var plan = quick ? AblationPlan.quick(configuration: configuration) : AblationPlan(configuration: configuration)
        let count = seeds ?? (quick ? 1 : 3)
        guard (1...1000).contains(count) else {
            throw TrainingError.setting(name: "--seeds", found: "\(count)", expected: "1 to 1000")
        }
        plan.seeds = (0..<count).map { common.seed + $0 }
        if !arms.isEmpty {
            plan.arms = try arms.map { name in
                guard let arm = Arm(rawValue: name) else {
                    throw TrainingError.setting(
                        name: "--arms", found: name, expected: Arm.allCases.map(\.rawValue).joined(separator: ", "))
                }
                return arm
            }
        }
        guard TaskSchedulers.named(scheduler) != nil else {
            throw TrainingError.setting(
                name: "--scheduler", found: scheduler, expected: TaskSchedulers.names.joined(separator: ", "))
        }
        plan.scheduler = scheduler
        plan.settings.epochs = epochs ?? plan.settings.epochs
        plan.settings.maxLength = maxLength ?? plan.settings.maxLength
        plan.settings.batch = .examples(batchSize ?? 16)
        for (name, value) in [("--max-train", maxTrain), ("--max-dev", maxDev), ("--max-test", maxTest)] {
            if let value, value < 1 {
                throw TrainingError.setting(name: name, found: "\(value)", expected: "1 or more")
            }
        }
        plan.maxTrain = maxTrain ?? plan.maxTrain
        plan.maxDev = maxDev ?? plan.maxDev
        plan.maxTest = maxTest ?? plan.maxTest
        try plan.settings.validate()
        return plan
    }

    func run() throws {
        try guarded {
            let plan = try plan()
            let data = try tasks.map { try TaskLoading.load($0, options: labels, choosesEpoch: false) }
            let session = try model.session(common)
            try ExperimentRun(common: common, memory: memory, checkpointEvery: checkpointEvery, out: out)
                .run(who: "ablate", field: "rows") { folder, environment in
                    try AblationExperiment(plan, session: session, tasks: data).run(in: folder, environment)
                }
        }
    }
}
