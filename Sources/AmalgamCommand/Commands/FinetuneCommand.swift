import Amalgam
import ArgumentParser
import Foundation

struct FinetuneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "finetune",
        abstract: "Fine-tune all weights of the model on one task, or train only a head.")

    @OptionGroup var model: ModelOptions
    @Option(help: "A task's YAML, or a folder with train, dev and test files.") var task: String
    @Option(help: "The bundle to write.") var out: String
    @Flag(help: "Train only the head; the model stays frozen.") var headOnly = false
    @OptionGroup var training: TrainingFlags
    @OptionGroup var labels: LabelOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await guarded {
            let run = TrainingRun(common: common, out: out)
            let options = try training.options(seed: common.seed, output: run.output)
            try await run.run(
                headOnly ? .head : .allWeights, on: [try labels.task(task)], model: try model.model(common),
                options: options)
        }
    }
}
