import ArgumentParser
import Training

struct FinetuneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "finetune",
        abstract: "Fine-tune all weights of the model on one task, or train only a head.")

    @OptionGroup var model: ModelOptions
    @Option(help: "A task's YAML, or a folder with train, dev and test files.") var task: String
    @Option(help: "The bundle to write.") var out: String
    @Flag(help: "Train only the head; the model stays frozen.") var headOnly = false
    @OptionGroup var training: TrainingOptions
    @OptionGroup var labels: LabelOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        try guarded {
            let data = try TaskLoading.load(task, options: labels)
            try TrainingRun(common: common, options: training, out: out).run(
                headOnly ? .head : .full, on: [data], session: try model.session(common), rate: headOnly ? 5e-3 : 2e-4)
        }
    }
}
