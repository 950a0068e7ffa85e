import Amalgam
import ArgumentParser
import Foundation

struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Score a bundle on a split of a task.",
        discussion: """
            Rows with a label that the head does not know count as wrong. As in scikit-learn, each such label is a separate \
            class. The loss covers only rows with a known label. Intervals are 95 % bootstrap intervals. Entity F1 of \
            tags is that of seqeval. A correlation with a constant is undefined: null in JSON.
            """)

    @OptionGroup var model: ModelOptions
    @Option(help: "A task's YAML, or a folder with train, dev and test files.") var task: String
    @OptionGroup var bundle: BundleOptions
    @Option(help: "The split to score: train, dev or test.") var split = "test"
    @Option(help: ArgumentHelp("Write a report page (HTML) to this file.", valueName: "file")) var report: String?
    @Option(
        help: ArgumentHelp(
            "Write each text with its true and predicted answer to this file (.jsonl or .csv), largest errors first.",
            valueName: "file"))
    var predictions: String?
    @Option(
        help: ArgumentHelp(
            "Write what a fusion attends to, or how much other blocks scale each adapter, by layer to this file (.json or .csv); "
                + "--report then shows it too.",
            valueName: "file"))
    var attention: String?
    @Option(
        help: ArgumentHelp(
            "Score again with changed texts, whose answers stay right: all, or names separated by commas ("
                + Robustness.summaries.map { "\($0.name): \($0.summary)" }.joined(separator: "; ") + ").",
            valueName: "names"))
    var perturb: String?
    @OptionGroup var labels: LabelOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await guarded {
            guard let split = Split(rawValue: split) else {
                throw wrongOption("--split", found: split, expected: "train, dev or test")
            }
            try checkPredictions()
            if let perturb, let unknown = (Self.changes(perturb) ?? []).first(where: { !Robustness.names.contains($0) })
            {
                throw wrongOption(
                    "--perturb", found: unknown, expected: (["all"] + Robustness.names).joined(separator: ", "))
            }
            let task = try labels.task(task)
            try OutputTarget.check(
                [("--predictions", predictions), ("--report", report), ("--attention", attention)],
                inputs: [self.task, bundle.language.language].compactMap { $0 } + bundle.files()
                    + task.files.values.map(\.path))
            let predictor = try bundle.predictor(bundle.read(), on: model.model(common), for: task)
            var evaluation = try await predictor.evaluate(on: task, split: split, seed: common.seed)
            // Those of the predictor are printed already
            Console.warn(evaluation.warnings.filter { !predictor.warnings.contains($0) })
            if let predictions { try evaluation.writePredictions(to: URL(fileURLWithPath: predictions)) }
            if let attention {
                let map = try await predictor.attention(on: task, split: split)
                try map.write(to: URL(fileURLWithPath: attention))
                evaluation.attention = map
            }
            if let perturb {
                evaluation.robustness = try await predictor.robustness(
                    of: evaluation, to: Self.changes(perturb), seed: common.seed)
            }
            let report = evaluation.report
            if let file = self.report { try report.write(to: URL(fileURLWithPath: file)) }
            if common.json { return Console.print(evaluation.values.json) }
            Console.write(report.terminalText)
            if let predictions { Console.print("predictions: \(predictions)") }
            if let attention { Console.print("attention: \(attention)") }
            if let file = self.report { Console.print("report: \(file)") }
        }
    }

    /// nil: all.
    private static func changes(_ names: String) -> [String]? {
        names == "all" ? nil : names.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    private func checkPredictions() throws {
        if let attention, !["csv", "json"].contains((attention.lowercased() as NSString).pathExtension) {
            throw wrongOption("--attention", found: attention, expected: "a file that ends with .json or .csv")
        }
        guard let predictions else { return }
        guard ["csv", "jsonl"].contains((predictions.lowercased() as NSString).pathExtension) else {
            throw wrongOption("--predictions", found: predictions, expected: "a file that ends with .jsonl or .csv")
        }
    }
}
