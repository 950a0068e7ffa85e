import Reporting

/// The outcome of a matrix of languages as values; words, tables and pages are made from it.
package struct TransferReport: Sendable, Equatable, Codable {
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
}
