import Foundation
import Tasks
import Training

/// How a score holds when texts are changed in ways that should not change their answers (Ribeiro et al. 2020, CheckList).
public struct Robustness: Sendable, Equatable {
    /// What one kind of change does.
    public struct Change: Sendable, Equatable {
        /// Its name, as in ``Robustness/changes``.
        public var name: String
        /// How much worse the metric is on the changed texts; negative if it is better; NaN if the metric is undefined.
        public var drop: Double
        /// The 95 % interval of the drop, paired over the same examples; nil if there are too few examples.
        public var interval: Interval?
        /// The metric on the changed texts.
        public var score: Double
        /// Scored examples, the unchanged ones among them.
        public var examples: Int
        /// Examples whose texts the change leaves as they are.
        public var unchanged: Int
    }

    /// A change that does not apply to the task.
    public struct Skipped: Sendable, Equatable {
        /// Its name.
        public var name: String
        /// Why it does not apply.
        public var reason: String
    }

    /// The metric that was compared.
    public var metric: String
    /// The changes that apply, in order.
    public var changes: [Change]
    /// The changes that do not.
    public var skipped: [Skipped]

    /// Names of all changes: `choice_order`, `numbers` (other numbers, equal ones alike), `case`, `typos`, `sentence_order`,
    /// `label_words` (synonyms for words of the labels).
    public static var names: [String] { Perturbations.standard.names }

    /// The changes with what they do.
    package static var summaries: [(name: String, summary: String)] {
        Perturbations.standard.perturbations.map { ($0.name, $0.summary) }
    }

    init(_ outcomes: [PerturbedOutcome], metric: String) {
        self.metric = metric
        (changes, skipped) = ([], [])
        for outcome in outcomes {
            switch outcome {
            case .skipped(let name, let reason): skipped.append(Skipped(name: name, reason: reason))
            case .scored(let score):
                let (low, high) = (score.drop.low, score.drop.high)
                changes.append(
                    Change(
                        name: score.name, drop: score.drop.value,
                        interval: low.isNaN ? nil : Interval(low: low, high: high), score: score.score,
                        examples: score.examples, unchanged: score.unchanged))
            }
        }
    }

    /// `name`, `drop`, `interval`, `score`, `examples` and `unchanged` of each change.
    var values: SettingValue {
        .list(
            changes.map { change in
                [
                    "name": .string(change.name), "drop": .number(change.drop), "score": .number(change.score),
                    "interval": change.interval.map { [.number($0.low), .number($0.high)] } ?? .null,
                    "examples": .init(change.examples), "unchanged": .init(change.unchanged),
                ]
            })
    }
}

extension Predictor {
    /// Scores the examples of an evaluation again with their texts changed, each change by itself.
    /// - Parameters:
    ///   - evaluation: Of this predictor. Set its ``Evaluation/robustness`` to the result to have it in the report.
    ///   - changes: Names from ``Robustness/names``; nil for all.
    ///   - seed: Of the changes and of the intervals, 0 or more. The same seed changes the same texts alike.
    /// - Returns: The drop of the task's own metric for each change that applies.
    /// - Throws: ``AmalgamError/Kind/option`` for an unknown name; ``AmalgamError/Kind/noExamples`` if nothing was scored;
    ///   `CancellationError`.
    public func robustness(
        of evaluation: Evaluation, to changes: [String]? = nil, seed: Int = 0
    ) async throws -> Robustness {
        let chosen = try (changes ?? Robustness.names).map { name throws(AmalgamError) -> any Perturbation.Type in
            if let perturbation = Perturbations.standard[name] { return perturbation }
            let known = (["all"] + Robustness.names).joined(separator: ", ")
            throw AmalgamError.make(
                .option, "--perturb: found \(name), expected \(known)", field: "--perturb", found: name, expected: known
            )
        }
        guard seed >= 0 else {
            throw AmalgamError(TrainingError.setting(name: "seed", found: "\(seed)", expected: "0 or more"))
        }
        guard evaluation.examples > 0 else {
            throw AmalgamError.make(
                .noExamples,
                "\(evaluation.task): found no scored example in \(evaluation.split.rawValue), expected some",
                found: "no scored example")
        }
        return try await worker.robustness(evaluation, chosen, seed: UInt64(seed))
    }
}
