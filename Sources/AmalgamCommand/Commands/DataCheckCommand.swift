import Amalgam
import ArgumentParser
import Foundation

struct DataCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Find texts that stand in two splits, two tasks, or a bundle's training data.",
        discussion: """
            Splits are compared where their roles differ: train, dev, test. Each example counts once, as exact (the same words; \
            case, punctuation and white space do not count), near (Jaccard similarity of words and pairs of words, found by \
            MinHash), or ngram13 (a shared run of 13 words, or a whole text of 8 to 12). Bundles keep hashes of the texts that \
            they were trained on; equal ones are found.
            """)

    @Option(help: "A task's YAML, or a folder with train, dev and test files.") var task: String
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Tasks to compare with, as those of the adapters to fuse.", valueName: "task"))
    var against: [String] = []
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Bundles whose training texts are looked for in dev and test.", valueName: "file"))
    var bundle: [String] = []
    @Option(help: "Similarity from which two texts are near duplicates.") var threshold = OverlapOptions().threshold
    @Option(help: ArgumentHelp("Pairs that --json lists at most.", valueName: "n"))
    var maxPairs = OverlapOptions().maxPairs
    @Option(help: ArgumentHelp("Write a report page (HTML) to this file.", valueName: "file")) var report: String?
    @Flag(help: "Exit with 65 if there is any overlap.") var strict = false
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard threshold > 0, threshold <= 1 else {
            throw ValidationError("--threshold: found \(threshold), expected a number above 0 and at most 1")
        }
        guard maxPairs >= 0 else { throw ValidationError("--max-pairs: found \(maxPairs), expected 0 or more") }
    }

    func run() async throws {
        try await guarded {
            var options = OverlapOptions()
            options.threshold = threshold
            options.maxPairs = maxPairs
            options.threads = common.threads
            let own = try TextTask(contentsOf: URL(fileURLWithPath: task))
            let others = try against.map { try TextTask(contentsOf: URL(fileURLWithPath: $0)) }
            try OutputTarget.check(
                [("--report", report)],
                inputs: [task] + against + bundle + ([own] + others).flatMap(\.files.values).map(\.path))
            let bundles = try bundle.map { try AdapterBundle(contentsOf: URL(fileURLWithPath: $0)) }
            let overlap = try await own.overlap(with: others, bundles: bundles, options: options)
            Console.warn(overlap.warnings)
            if let report { try overlap.report.write(to: URL(fileURLWithPath: report)) }
            if common.json { Console.print(overlap.values.json) } else { Console.write(overlap.report.terminalText) }
            if let report, !common.json { Console.print("report: \(report)") }
            if strict, overlap.count > 0 { throw ExitCode(ExitStatus.badData.rawValue) }
        }
    }
}
