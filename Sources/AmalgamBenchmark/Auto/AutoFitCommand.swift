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

    /// The search as it would run, with the evidence that was measured.
    private func choice(_ record: AutoRecord, _ prior: AutoPrior) -> Choice? {
        let labels = record.evidence.labels
        let costs = AutoSearch.Costs(record.candidates, tokens: Double(labels), labels: labels)
        let cheap = record.candidates.filter(\.isProbe)
        var search = AutoSearch(
            prior, costs, labels: labels, tokens: Double(labels), evidence: record.evidence.only(cheap),
            ranking: Double(min(labels, AutoSearch.rankedTexts) * (record.sources + 1)))
        var known = cheap
        while let next = search.next {
            known += next
            search.add(record.evidence.only(known), cost: next.reduce(0) { $0 + (costs.evidence[$1] ?? 0) })
        }
        guard let chosen = search.best, let expected = search.expectation[chosen] else { return nil }
        let interval = AutoOutcome.interval(expected)
        return Choice(
            target: record.target, labels: labels, seed: record.seed, chosen: chosen.rawValue, expected: expected.mean,
            interval: [interval.lowerBound, interval.upperBound],
            spent: (search.spent + (costs.final[chosen] ?? 0)) / search.budget)
    }
}
