import Amalgam
import ArgumentParser
import Foundation

struct FuseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fuse",
        abstract: "Learn attention over frozen adapters for a task (AdapterFusion). The bundle includes the adapters.")

    @OptionGroup var model: ModelOptions
    @Option(help: "A task's YAML, or a folder with train, dev and test files.") var task: String
    @Option(parsing: .upToNextOption, help: "The bundles with the adapters to fuse.") var adapters: [String] = []
    @OptionGroup var composition: ComposeOption
    @Option(help: "The bundle to write.") var out: String
    @Option(help: "Kind of fusion: dynamic (with a value matrix) or static (without one).") var fusion = "dynamic"
    @Option(help: "Strength of the penalty that keeps the value matrix near the identity; 0 for none.")
    var regularization = 0.01
    @Flag(help: "Allow adapters that were trained on a different model, if all shapes match.") var force = false
    @OptionGroup var language: LanguageOption
    @OptionGroup var training: TrainingFlags
    @OptionGroup var labels: LabelOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard adapters.isEmpty != (composition.compose == nil) else {
            throw ValidationError("--adapters, --compose: give one of the two")
        }
    }

    func run() async throws {
        try await guarded {
            let fusion = try fusionOptions()
            let run = TrainingRun(common: common, out: out)
            var options = try training.options(seed: common.seed, output: run.output)
            options.allowsOtherModel = force
            let task = try labels.task(task)
            let recipe: TrainingRecipe =
                if let composition = try composition.composition() {
                    .composition(composition)
                } else {
                    .fusion(try adapters.map { try AdapterBundle(contentsOf: URL(fileURLWithPath: $0)) }, fusion)
                }
            try await run.run(
                recipe, on: [task], model: try model.model(common), language: try language.bundle(), options: options)
        }
    }

    private func fusionOptions() throws -> FusionOptions {
        guard regularization >= 0, regularization.isFinite else {
            throw wrongOption("--regularization", found: "\(regularization)", expected: "0 or more")
        }
        switch fusion {
        case "dynamic": return FusionOptions(usesValue: true, regularization: Float(regularization))
        case "static": return .static
        default: throw wrongOption("--fusion", found: fusion, expected: "dynamic or static")
        }
    }
}
