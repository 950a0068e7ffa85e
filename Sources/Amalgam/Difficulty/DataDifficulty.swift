import Files
import Foundation
import Tasks
import Training

/// How hard the examples of a split are for a trained head, with the score by difficulty and likely label errors.
///
/// The difficulty of an example is its V-usable information (Ethayarajh et al. 2022): log₂ of the head's probability of its
/// label, minus log₂ of the label's share in the training data, which is what a model without input learns. Label errors are
/// those of confident learning (Northcutt et al. 2021), from a cross-validated linear probe on frozen features.
public struct DataDifficulty: Sendable {
    /// A scored example.
    public struct Row: Sendable, Equatable {
        /// Line of the file, or place among the examples in memory, from 1.
        public var line: Int
        /// The text, or the first of a pair.
        public var text: String
        /// The second text of a pair.
        public var second: String?
        /// Its label.
        public var label: String
        /// What the head predicts.
        public var predicted: String
        /// V-usable information in bits: low and negative values are hard.
        public var information: Double
        /// Number of words.
        public var words: Int
        /// The class that it likely is, by models that did not see it; nil: its label is likely right.
        public var suggested: String?
        /// The probability of its label by these models; nil where there were too few examples.
        public var confidence: Double?
    }

    /// Examples of about the same difficulty.
    public struct Stratum: Sendable, Equatable {
        /// `information` in quarters, or `length` in thirds.
        public var by: String
        /// The least value, in bits or words.
        public var low: Double
        /// The largest value.
        public var high: Double
        /// Examples.
        public var examples: Int
        /// The task's metric on them.
        public var score: Double
        /// Its 95 % interval; nil if there are too few examples.
        public var interval: Interval?
    }

    /// The task's name.
    public let task: String
    /// The split.
    public let split: Split
    /// What messages call the bundle.
    public let bundle: String
    /// The task's metric.
    public let metric: String
    /// Examples with a label that the head knows, in the order of the split.
    public let rows: [Row]
    /// The mean information in bits, and its 95 % interval (nil if there are too few examples).
    public let information: (value: Double, interval: Interval?)
    /// The score by difficulty, the hardest first; then by length, the shortest first.
    public let strata: [Stratum]
    /// Whether the labels' shares are those of the train split; else those of the split itself.
    public let usesTrainingLabels: Bool
    /// Whether label errors could be looked for.
    public let hasConfidences: Bool
    /// Examples without a label that the head knows; they are in no row.
    public let unlabeled: Int
    /// What a user should know.
    public let warnings: [Warning]

    init(
        _ difficulty: Difficulty, labels: [String], task: String, split: Split, bundle: String, metric: String,
        warnings: [Warning]
    ) {
        func interval(_ interval: Tasks.Interval) -> Interval? {
            interval.low.isNaN ? nil : Interval(low: interval.low, high: interval.high)
        }
        (self.task, self.split, self.bundle, self.metric, self.warnings) = (task, split, bundle, metric, warnings)
        rows = difficulty.rows.map { row in
            Row(
                line: row.example.line, text: row.example.text, second: row.example.pair, label: labels[row.label],
                predicted: labels[row.predicted], information: row.bits, words: row.words,
                suggested: row.suggested.map { labels[$0] }, confidence: row.outOfSample.map { Double($0) })
        }
        information = (difficulty.information.value, interval(difficulty.information))
        strata = difficulty.strata.map {
            Stratum(
                by: $0.by, low: $0.range.lowerBound, high: $0.range.upperBound, examples: $0.examples,
                score: $0.score.value, interval: interval($0.score))
        }
        usesTrainingLabels = difficulty.usesTrainingLabels
        hasConfidences = difficulty.rows.contains { $0.outOfSample != nil }
        unlabeled = difficulty.unlabeled
    }

    /// Likely label errors, the surest first.
    public var labelErrors: [Row] {
        rows.enumerated().filter { $0.element.suggested != nil }
            .sorted { ($0.element.confidence ?? 1, $0.offset) < ($1.element.confidence ?? 1, $1.offset) }
            .map(\.element)
    }

    /// Writes rows as JSON Lines: `line`, `text` (or `text_a` and `text_b`), `label`, `predicted`, `information`, `words`,
    /// `suggested`, `confidence`.
    /// - Parameters:
    ///   - rows: Such as ``rows`` or ``labelErrors``.
    ///   - file: Replaced whole or not at all.
    /// - Throws: ``AmalgamError/Kind/unwritableFile``.
    public static func write(_ rows: [Row], to file: URL) throws(AmalgamError) {
        var lines = Data()
        for row in rows { lines.append(contentsOf: (SettingValue.map(row.fields).json + "\n").utf8) }
        try translated { try AtomicFile.replace(file, with: lines) }
    }
}

extension DataDifficulty.Row {
    var fields: [String: SettingValue] {
        var fields: [String: SettingValue] = [
            "line": .init(line), "label": .string(label), "predicted": .string(predicted),
            "information": .number(information), "words": .init(words),
            "suggested": suggested.map { .string($0) } ?? .null, "confidence": confidence.map { .number($0) } ?? .null,
        ]
        if let second {
            (fields["text_a"], fields["text_b"]) = (.string(text), .string(second))
        } else {
            fields["text"] = .string(text)
        }
        return fields
    }
}

extension Predictor {
    /// How hard the examples of a split are for the head, and which labels are likely wrong.
    /// - Parameters:
    ///   - task: Of the kind that the head was trained for: classification.
    ///   - split: Default test. In train, what the bundle has learned makes examples look easy; label errors are then looked
    ///     for with the features of the model alone.
    ///   - seed: Of the intervals, 0 or more.
    /// - Throws: ``AmalgamError/Kind/head`` for a head that does not predict classes, ``AmalgamError/Kind/noExamples``, what
    ///   the task's data throws; `CancellationError`.
    public func difficulty(of task: TextTask, split: Split = .test, seed: Int = 0) async throws -> DataDifficulty {
        guard seed >= 0 else {
            throw AmalgamError(TrainingError.setting(name: "seed", found: "\(seed)", expected: "0 or more"))
        }
        return try await worker.difficulty(task, split: split, seed: UInt64(seed))
    }
}
