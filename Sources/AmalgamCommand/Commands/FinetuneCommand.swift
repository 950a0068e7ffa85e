import Amalgam
import ArgumentParser
import Foundation

struct FinetuneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "finetune",
        abstract: "Fine-tune all weights of the model on one task, train only a head, or fit a linear probe.")

    @OptionGroup var model: ModelOptions
    @Option(help: "A task's YAML, or a folder with train, dev and test files.") var task: String
    @Option(help: "The bundle to write.") var out: String
    @Flag(help: "Train only the head; the model stays frozen.") var headOnly = false
    @Flag(
        help:
            "Fit a linear head to frozen features (by default their mean), without training steps. The L2 penalty is chosen on dev, or by cross-validation."
    )
    var linearProbe = false
    @Option(help: "Start from this bundle's weights, such as from train-multitask --mode full.") var initFrom: String?
    /// Below a linear probe.
    @OptionGroup var composition: ComposeOption
    @OptionGroup var language: LanguageOption
    @OptionGroup var training: TrainingFlags
    @OptionGroup var labels: LabelOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if headOnly, linearProbe { throw ValidationError("--head-only, --linear-probe: give one of the two") }
        if initFrom != nil, headOnly || linearProbe {
            throw ValidationError("--init-from: needs all weights to learn; omit --head-only and --linear-probe")
        }
        guard !linearProbe else { return }
        for (name, value) in [("--compose", composition.compose), ("--language", language.language)]
        where value != nil {
            throw ValidationError("\(name): needs --linear-probe; train-adapter and fuse train on adapters")
        }
    }

    func run() async throws {
        try await guarded {
            let run = TrainingRun(common: common, out: out)
            if linearProbe { try training.checkForProbe() }
            let options = try training.options(seed: common.seed, output: run.output)
            try await run.run(
                try recipe(), on: [try labels.task(task)], model: try model.model(common),
                language: try language.bundle(), options: options)
        }
    }

    private func recipe() throws -> TrainingRecipe {
        if let initFrom {
            return .allWeights(startingFrom: try AdapterBundle(contentsOf: URL(fileURLWithPath: initFrom)))
        }
        guard linearProbe else { return headOnly ? .head : .allWeights }
        return try composition.composition().map { .linearProbe(on: $0) } ?? .linearProbe
    }
}
