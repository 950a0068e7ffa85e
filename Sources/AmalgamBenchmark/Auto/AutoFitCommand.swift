import Ablation
import ArgumentParser
import Foundation

/// The prior of `fuse --method auto`, and what it would have chosen for each target if it had not seen that target.
struct AutoFitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "auto-fit",
        abstract: "Fit the prior of fuse --method auto, and replay its choices leaving one target out.")

    @Argument(help: "A JSON Lines file: target, seed, sources, evidence and scores of each group.") var file: String

    private struct Output: Encodable {
        var prior: AutoPrior?
        var choices: [Choice]
        /// The same with a prior that knows nothing.
        var flat: [Choice]
    }

    private struct Choice: Encodable {
        var target: String
        var labels: Int
        var seed: Int
        var chosen: String
        var expected: Double
        var interval: [Double]
        /// Share of the budget that was spent.
        var spent: Double
    }

    func run() throws {
        let lines = try String(contentsOf: URL(fileURLWithPath: file), encoding: .utf8).split(separator: "\n")
        let records = try lines.map { try JSONDecoder().decode(AutoRecord.self, from: Data($0.utf8)) }
        let choices = records.compactMap { record in
            AutoPriorFit.prior(records.filter { $0.target != record.target }).flatMap { choice(record, $0) }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let output = Output(
            prior: AutoPriorFit.prior(records), choices: choices, flat: records.compactMap { choice($0, .flat) })
        print(String(decoding: try encoder.encode(output), as: UTF8.self))
    }

    private func choice(_ record: AutoRecord, _ prior: AutoPrior) -> Choice? {
        guard let replay = AutoReplay(record, prior) else { return nil }
        let interval = AutoOutcome.interval(replay.expected)
        return Choice(
            target: record.target, labels: record.evidence.labels, seed: record.seed, chosen: replay.chosen.rawValue,
            expected: replay.expected.mean, interval: [interval.lowerBound, interval.upperBound], spent: replay.spent)
    }
}
