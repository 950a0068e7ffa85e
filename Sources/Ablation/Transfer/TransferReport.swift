import Foundation
import Reporting

/// The outcome of a matrix of languages as values; words, tables and pages are made from it.
package struct TransferReport: Sendable, Equatable, Codable {
    /// A score on test texts and its 95 % interval.
    package struct Estimate: Sendable, Equatable, Codable {
        package var value: Double
        package var low: Double
        package var high: Double

        package init(value: Double, low: Double, high: Double) {
            self.value = value
            self.low = low
            self.high = high
        }

        private enum CodingKeys: String, CodingKey { case value, low, high }

        package init(from decoder: any Decoder) throws {
            let box = try decoder.container(keyedBy: CodingKeys.self)
            func number(_ key: CodingKeys) throws -> Double { try box.decode(Double?.self, forKey: key) ?? .nan }
            self.init(value: try number(.value), low: try number(.low), high: try number(.high))
        }

        /// A number that is not finite becomes null: JSON has no word for it.
        package func encode(to encoder: any Encoder) throws {
            var box = encoder.container(keyedBy: CodingKeys.self)
            for (key, number) in [(CodingKeys.value, value), (.low, low), (.high, high)] {
                try box.encode(number.isFinite ? number : nil, forKey: key)
            }
        }
    }

    package struct Method: Sendable, Equatable, Codable {
        package var id: TransferMethod
        package var label: String
        package var usesTargetLabels: Bool
    }

    /// A method on a task in a language.
    package struct Score: Sendable, Equatable, Codable {
        package var task: String
        package var language: String
        package var method: TransferMethod
        package var accuracy: Estimate
        package var macroF1: Estimate
        /// Test texts.
        package var examples: Int
        /// Name of the task's own metric, and the score in it.
        package var metric: String
        package var score: Estimate
        /// Test texts whose label is unknown; they count as wrong.
        package var unknownLabels: Int
        /// Test rows that could not be scored, by reason.
        package var skipped: [String: Int]
    }

    /// A method over the target languages.
    package struct Mean: Sendable, Equatable, Codable {
        /// nil: over all tasks.
        package var task: String?
        package var method: TransferMethod
        package var accuracy: Estimate
        package var macroF1: Estimate
        /// Against the plain adapter on the multilingual base, over the cells that both have; nil for itself.
        package var accuracyGain: PointsDifference?
        package var macroF1Gain: PointsDifference?
        /// In the task's own metric; nil over all tasks, whose metrics may differ.
        package var score: Estimate?
        package var scoreGain: PointsDifference?
    }

    /// A language adapter: what it cost and what it is good for.
    package struct Language: Sendable, Equatable, Codable {
        package var adapter: TransferLanguage
        /// Accuracy over the tasks of this language against no language adapter, and against keeping the source's.
        package var gain: PointsDifference?
        package var gainOverSource: PointsDifference?
    }

    package var title: String
    package var summary: [String]
    package var source: String
    package var languages: [String]
    package var tasks: [String]
    package var methods: [Method]
    package var scores: [Score]
    package var means: [Mean]
    package var adapters: [Language]
    package var verdicts: [Verdict]
    package var languageVerdicts: [Verdict]
    /// What a reader must know before the numbers are believed.
    package var warnings: [String]
    package var facts: [Setting]
    package var settings: [Setting]
    package var provenance: [Setting]

    func score(_ task: String, _ language: String, _ method: TransferMethod) -> Score? {
        scores.first { $0.task == task && $0.language == language && $0.method == method }
    }

    func mean(_ task: String?, _ method: TransferMethod) -> Mean? {
        means.first { $0.task == task && $0.method == method }
    }

    /// All values as JSON with sorted keys; with the same values the same bytes.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}
