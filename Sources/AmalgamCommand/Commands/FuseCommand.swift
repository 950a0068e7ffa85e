import Adapters
import ArgumentParser
import Bundles
import Foundation
import Training

struct FuseCommand: ParsableCommand {
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
    @OptionGroup var training: TrainingOptions
    @OptionGroup var labels: LabelOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard adapters.isEmpty != (composition.compose == nil) else {
            throw ValidationError("--adapters, --compose: give one of the two")
        }
    }

    func run() throws {
        try guarded {
            var configuration: FusionConfiguration
            switch fusion {
            case "dynamic": configuration = .dynamic
            case "static": configuration = .static
            default: throw TrainingError.setting(name: "--fusion", found: fusion, expected: "dynamic or static")
            }
            guard regularization >= 0, regularization.isFinite else {
                throw TrainingError.setting(name: "--regularization", found: "\(regularization)", expected: "0 or more")
            }
            if configuration.value { configuration.regularization = Float(regularization) }
            let data = try TaskLoading.load(task, options: labels)
            let session = try model.session(common)
            let below = try language.read(for: session, force: force)
            let bundles = try adapters.map { path in
                let bundle = try AdapterBundle.read(path, for: session, force: force)
                Console.warn(bundle.warning(on: below, file: path))
                return bundle
            }
            let recipe =
                try composition.recipe(for: session, force: force) ?? .fusion(bundles, configuration)
            try TrainingRun(common: common, options: training, out: out)
                .run(recipe, on: [data], session: session, language: below, rate: 5e-4)
        }
    }
}
