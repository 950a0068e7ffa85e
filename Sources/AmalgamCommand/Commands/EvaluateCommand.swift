import Adapters
import ArgumentParser
import Bundles
import Foundation
import Reporting
import Tasks
import Training

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Score a bundle on a task's split.")

    @OptionGroup var model: ModelOptions
    @Option(help: "A task's YAML, or a folder with train, dev and test files.") var task: String
    @OptionGroup var bundle: BundleOptions
    @Option(help: "train, dev or test.") var split = "test"
    @OptionGroup var labels: LabelOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        try guarded {
            guard let split = Split(rawValue: split) else {
                throw TrainingError.setting(name: "--split", found: split, expected: "train, dev or test")
            }
            let definition = try TaskDefinition.load(URL(fileURLWithPath: task))
            let stored = try bundle.read()
            let session = try model.session(common)
            let predictor = try bundle.predictor(
                stored, session: session, task: HeadTask(name: definition.name, kind: definition.kind))
            // The head's labels decide what an index means
            let data = try TaskLoading.load(
                task, splits: [split],
                labels: KnownLabels(predictor.head.head.labels, source: .bundle(file: bundle.bundle)), options: labels)
            let metric = Metrics.standard[definition.metric] ?? Accuracy.self
            let scores = predictor.evaluate(data[split], metric: metric)
            guard common.json else {
                return Console.print(
                    "\(definition.name) \(split.rawValue): accuracy \(Human.score(scores.accuracy)), macro-F1 "
                        + "\(Human.score(scores.macroF1)), loss \(Human.loss(scores.loss)) on \(Human.count(scores.examples)) texts"
                )
            }
            Console.print(json: [
                "task": .string(definition.name), "split": .string(split.rawValue), "examples": .init(scores.examples),
                "metrics": .map([
                    "accuracy": .number(scores.accuracy), "macro_f1": .number(scores.macroF1),
                    "loss": .number(scores.loss),
                ]),
            ])
        }
    }
}
