import Ablation
import Files
import Foundation
import Reporting

/// How existing adapters are used best for a task with few labels, and what to expect of it.
public struct FusionVerdict: Sendable, Equatable {
    /// A way to solve the task: with the adapters, or without.
    public struct Candidate: Sendable, Equatable {
        /// As in ``FusionVerdict/values``: `linear_probe`, `average`, `adapter`, `init_from`, `fusion`, `fusion_own` or
        /// `scalearn`.
        public var name: String
        /// For people.
        public var label: String
        /// The expected score on new texts.
        public var expected: Double
        /// 95 %: where the score on a test split of 500 texts should lie.
        public var interval: ClosedRange<Double>
        /// The score in cross-validation on the task's own labels; nil where it was not worth its cost.
        public var evidence: Double?
        /// Parameters that were trained; nil for a candidate that was not chosen.
        public var parameters: Int?
        /// Seconds of its trainings.
        public var seconds: Double
    }

    /// The candidate that the bundle holds.
    public var chosen: Candidate
    /// All, the one with the highest expectation first.
    public var candidates: [Candidate]
    /// Name of the metric that is expected; Pearson's correlation for tasks whose own metric is an error.
    public var metric: String
    /// Training texts with an answer.
    public var labels: Int
    /// The name of the adapter that suits the task best.
    public var closest: String
    /// By how much a linear probe on the closest adapter's features beats one on the bare model's.
    public var relatedness: Double
    /// Tokens that went through the model, and how many there might have been.
    public var tokens: Int
    /// See ``tokens``.
    public var budget: Int
    /// The verdict in sentences.
    public var words: [String]

    init?(_ outcome: AutoOutcome) {
        candidates = outcome.candidates.map { Candidate($0) }
        guard let chosen = candidates.first(where: { $0.name == outcome.chosen.rawValue }) else { return nil }
        self.chosen = chosen
        metric = outcome.metric
        labels = outcome.evidence.labels
        closest = outcome.closest
        relatedness = outcome.evidence.relatedness
        tokens = Int(outcome.tokens.rounded())
        budget = Int(outcome.budget.rounded())
        words = outcome.sentences
    }
}

extension FusionVerdict.Candidate {
    fileprivate init(_ candidate: AutoOutcome.Candidate) {
        self.init(
            name: candidate.candidate.rawValue, label: candidate.candidate.label, expected: candidate.expected,
            interval: candidate.interval, evidence: candidate.evidence, parameters: candidate.parameters,
            seconds: candidate.seconds)
    }

    fileprivate var values: SettingValue {
        .map([
            "name": .string(name), "label": .string(label), "score": .number(rounded(expected)),
            "interval": .list([.number(rounded(interval.lowerBound)), .number(rounded(interval.upperBound))]),
            "evidence": evidence.map { .number(rounded($0)) } ?? .null,
            "parameters": parameters.map { .init($0) } ?? .null, "seconds": .number((seconds * 10).rounded() / 10),
        ])
    }

    private func rounded(_ x: Double) -> Double { (x * 1e5).rounded() / 1e5 }
}

extension FusionVerdict {
    /// `chosen`, `metric`, `expected`, `interval`, `candidates` (each with `name`, `label`, `score`, `interval`, `evidence`,
    /// `parameters`, `seconds`), `labels`, `closest`, `relatedness`, `tokens`, `budget` and `words`.
    public var values: SettingValue {
        guard case .map(var fields) = chosen.values else { return .null }
        fields = fields.filter { $0.key == "interval" || $0.key == "score" }
        fields["expected"] = fields.removeValue(forKey: "score")
        fields.merge([
            "chosen": .string(chosen.name), "metric": .string(metric), "candidates": .list(candidates.map(\.values)),
            "labels": .init(labels), "closest": .string(closest),
            "relatedness": .number((relatedness * 1e5).rounded() / 1e5),
            "tokens": .init(tokens), "budget": .init(budget), "words": .string(words.joined(separator: " ")),
        ]) { $1 }
        return .map(fields)
    }

    /// The verdict in words, and the candidates as a table.
    public var report: Report { Report(VerdictReport(verdict: self)) }
}

/// The verdict as a page.
private struct VerdictReport: PageReport {
    let verdict: FusionVerdict

    func encode(to encoder: any Encoder) throws { try verdict.values.encode(to: encoder) }

    func page() -> ReportPage {
        ReportPage(
            title: "Verdict", summary: verdict.words,
            sections: [.init("Candidates", [.table(table, caption: ""), .note(note)])])
    }

    func text(on terminal: Terminal) -> String {
        table.text(.columns, on: terminal) + "\n" + ([note] + verdict.words).map { "\($0)\n" }.joined()
    }

    private var note: String {
        "Scores: \(verdict.metric.metricWords). Cross-validation trains on one half of the \(Human.count(verdict.labels, "label")) "
            + "and scores the other half; what is expected takes in what other tasks teach."
    }

    private var table: TextTable {
        var table = TextTable([
            TextTable.Column("candidate"), .init("expected", .trailing), .init("95 % interval", .trailing),
            .init("cross-validation", .trailing), .init("seconds", .trailing),
        ])
        for candidate in verdict.candidates {
            let isChosen = candidate.name == verdict.chosen.name
            table.append([
                TextTable.Cell(candidate.label, mark: isChosen ? "✓" : "", isChosen ? .strong : .plain),
                .init(Human.score(candidate.expected)),
                .init("[\(Human.score(candidate.interval.lowerBound)), \(Human.score(candidate.interval.upperBound))]"),
                .init(candidate.evidence.map(Human.score) ?? Human.missing), .init(Human.count(candidate.seconds)),
            ])
        }
        return table
    }
}
