import Adapters
import ArgumentParser
import Bundles
import Files
import Foundation
import Reporting
import Tasks
import Training

struct EvaluateCommand: ParsableCommand {
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
    @OptionGroup var labels: LabelOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        try guarded {
            guard let split = Split(rawValue: split) else {
                throw TrainingError.setting(name: "--split", found: split, expected: "train, dev or test")
            }
            let asCSV = try predictions.map(Self.isCSV) ?? false
            let definition = try TaskDefinition.load(URL(fileURLWithPath: task))
            try OutputTarget.check(
                [("--predictions", predictions), ("--report", report)],
                inputs: [task, bundle.language.language].compactMap { $0 } + bundle.files()
                    + Split.allCases.compactMap { definition.url(of: $0)?.path })
            let stored = try bundle.read()
            let session = try model.session(common)
            let predictor = try bundle.predictor(
                stored, session: session, task: HeadTask(name: definition.name, kind: definition.kind))
            // The head's labels decide what an index means
            let data = try TaskLoading.load(
                task, splits: [split],
                labels: KnownLabels(predictor.head.head.labels, source: .bundle(file: bundle.name)), options: labels)
            try predictor.checkAnswers(of: data[split])
            let evaluation = SplitEvaluation(
                predictor.predicted(data[split]), metric: try Metrics.standard.metric(of: data.definition),
                seed: UInt64(common.seed))
            let result = EvaluationOutput(
                task: data.definition, split: split, skipped: data.skipped[split] ?? [], evaluation: evaluation,
                bundle: bundle.name, model: session.model.name)
            if let predictions {
                try AtomicFile.replace(URL(fileURLWithPath: predictions)) { (write) throws(FileError) in
                    var lines = Data()
                    func flush() throws(FileError) {
                        try lines.withBytes { (bytes) throws(FileError) in try write(bytes) }
                        lines.removeAll(keepingCapacity: true)
                    }
                    try evaluation.rows.write(asCSV: asCSV) { (line: String) throws(FileError) in
                        lines.append(contentsOf: line.utf8)
                        if lines.count >= 1 << 16 { try flush() }
                    }
                    try flush()
                }
            }
            let report = result.report
            if let file = self.report {
                try AtomicFile.replace(URL(fileURLWithPath: file), with: Data(report.page().html().utf8))
            }
            if common.json { return Console.print(json: result.json) }
            Console.write(report.text(on: Terminal.of(.output)))
            if let predictions { Console.print("predictions: \(predictions)") }
            if let file = self.report { Console.print("report: \(file)") }
        }
    }

    private static func isCSV(_ file: String) throws -> Bool {
        switch (file.lowercased() as NSString).pathExtension {
        case "csv": return true
        case "jsonl": return false
        default:
            throw TrainingError.setting(
                name: "--predictions", found: file, expected: "a file that ends with .jsonl or .csv")
        }
    }
}
