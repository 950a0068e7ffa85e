import Amalgam
import ArgumentParser
import Foundation

struct DistillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "distill",
        abstract: "Train one adapter that answers as another bundle does, such as a fusion, and costs less.",
        discussion: """
            The adapter learns from the answers of the bundle on the task's training texts (Hinton et al. 2015), and from the \
            task's own labels: classes, tags, numbers, sets of labels, choices or answers to questions. The result shows both on the dev \
            split. Compare them on the test split with evaluate.
            """)

    @OptionGroup var model: ModelOptions
    @Option(help: "A task's YAML, or a folder with train, dev and test files.") var task: String
    @Option(help: "The bundle to learn from, with a head for the task.") var bundle: String
    @Option(help: "Its head. (default: the head of the task, or the only head)") var head: String?
    @Option(help: "The bundle to write.") var out: String
    @Option(
        help: "An adapter configuration: \(AdapterConfiguration.presetNames.joined(separator: ", ")), or a YAML file.")
    var config = "seq_bn"
    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: "Override a field of the configuration: field=value; a list as targets=query,value.")
    var overrides: [String] = []
    @Option(help: "Temperature at which the answers of both are compared.") var temperature = 2.0
    @Option(help: "Weight of the bundle's answers, 0 to 1; the rest is that of the labels.") var alpha = 0.9
    @Option(
        help: ArgumentHelp(
            "More texts, which only the bundle labels: .txt with one text in each line, or .jsonl, .json, .csv, .tsv, .conll, .conllu or .deb822 with the task's columns.",
            valueName: "file"))
    var texts: String?
    @Option(help: "Start from this bundle's adapter, or from the adapter of this name in --bundle.") var initFrom:
        String?
    @Flag(help: "Start with a new head, not with that of the bundle.") var newHead = false
    @Flag(help: "Allow a bundle that was trained on a different model, if all shapes match.") var force = false
    @OptionGroup var language: LanguageOption
    @OptionGroup var training: TrainingFlags
    @OptionGroup var labels: LabelOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await guarded {
            let run = TrainingRun(common: common, out: out)
            let configuration = try AdapterConfiguration(config, overrides: overrides)
            var options = try training.options(seed: common.seed, output: run.output)
            options.allowsOtherModel = force
            try OutputTarget.check([("--out", out)], inputs: [task, bundle] + [texts, initFrom].compactMap { $0 })
            let task = try labels.task(task)
            let teacher = try AdapterBundle(contentsOf: URL(fileURLWithPath: bundle))
            let start = try initFrom.map { name in
                try teacher.members.contains { $0.name == name }
                    ? teacher.adapter(named: name) : AdapterBundle(contentsOf: URL(fileURLWithPath: name))
            }
            var distillation = DistillationOptions()
            distillation.temperature = temperature
            distillation.alpha = alpha
            distillation.texts = texts.map { URL(fileURLWithPath: $0) }
            distillation.head = head
            distillation.startsFromHead = !newHead
            let (model, below) = (try model.model(common), try language.bundle())
            let settings = (distillation, options)
            try await run.run(label: "distill \(task.name)") {
                model.distill(
                    teacher, into: .adapter(configuration, startingFrom: start), on: task, language: below,
                    distillation: settings.0, options: settings.1)
            }
        }
    }
}
