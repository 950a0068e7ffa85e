import Amalgam
import ArgumentParser
import Foundation

struct DataDifficultyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "difficulty", abstract: "Find the hard examples of a split, and labels that are likely wrong.",
        discussion: """
            The difficulty of an example is its V-usable information: log2 of the head's probability of its label, minus log2 \
            of the label's share among the training labels. Labels are likely wrong by confident learning, with a linear probe \
            that is cross-validated over the split. The bundle's head must predict classes.
            """)

    @OptionGroup var model: ModelOptions
    @Option(help: "A task's YAML, or a folder with train, dev and test files.") var task: String
    @OptionGroup var bundle: BundleOptions
    @Option(help: "The split: train, dev or test.") var split = "test"
    @Option(help: ArgumentHelp("Write all examples with their difficulty to this file (.jsonl).", valueName: "file"))
    var examples: String?
    @Option(help: ArgumentHelp("Write likely label errors to this file (.jsonl), the surest first.", valueName: "file"))
    var labelErrors: String?
    @Option(help: ArgumentHelp("Write a report page (HTML) to this file.", valueName: "file")) var report: String?
    @OptionGroup var labels: LabelOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await guarded {
            guard let split = Split(rawValue: split) else {
                throw wrongOption("--split", found: split, expected: "train, dev or test")
            }
            let task = try labels.task(task)
            let outputs = [("--examples", examples), ("--label-errors", labelErrors), ("--report", report)]
            try OutputTarget.check(
                outputs,
                inputs: [self.task, bundle.language.language].compactMap { $0 } + bundle.files()
                    + task.files.values.map(\.path))
            let predictor = try bundle.predictor(bundle.read(), on: model.model(common), for: task)
            let difficulty = try await predictor.difficulty(of: task, split: split, seed: common.seed)
            Console.warn(difficulty.warnings.filter { !predictor.warnings.contains($0) })
            if let examples { try DataDifficulty.write(difficulty.rows, to: URL(fileURLWithPath: examples)) }
            if let labelErrors {
                try DataDifficulty.write(difficulty.labelErrors, to: URL(fileURLWithPath: labelErrors))
            }
            if let report { try difficulty.report.write(to: URL(fileURLWithPath: report)) }
            if common.json { return Console.print(difficulty.values.json) }
            Console.write(difficulty.report.terminalText)
            for (flag, file) in outputs {
                if let file { Console.print("\(flag.dropFirst(2).replacing("-", with: " ")): \(file)") }
            }
        }
    }
}
