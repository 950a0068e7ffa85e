import Bundles
import Foundation

/// What `auto` chose, and what it expects.
package struct AutoOutcome: Sendable {
    /// A candidate as the verdict lists it.
    package struct Candidate: Sendable, Equatable {
        package var candidate: AutoCandidate
        /// Expected score on new texts of the task.
        package var expected: Double
        /// 95 %, for the score on a test split of `AutoOutcome.testTexts` texts.
        package var interval: ClosedRange<Double>
        /// Score in cross-validation; nil: it was not worth its cost.
        package var evidence: Double?
        /// Parameters that its final training learns, the head included; nil: unknown before it is trained.
        package var parameters: Int?
        /// Of its trainings for the evidence and, where it was chosen, the final one.
        package var seconds: Double
    }

    package var bundle: AdapterBundle
    package var chosen: AutoCandidate
    /// The most promising source by name.
    package var closest: String
    /// Name of the metric that is expected.
    package var metric: String
    package var evidence: AutoEvidence
    package var expectation: AutoExpectation
    /// The best first.
    package var candidates: [Candidate]
    /// Tokens through the model, and how many there might have been.
    package var tokens: Double
    package var budget: Double

    /// The verdict in words.
    package var sentences: [String] { AutoWords(outcome: self, labels: evidence.labels).sentences }

    /// Texts of the test split that intervals are for.
    package static let testTexts = 500.0

    /// 95 % interval of the score on a test split, for a metric that is a share.
    package static func interval(_ expected: (mean: Double, deviation: Double)) -> ClosedRange<Double> {
        let p = min(max(expected.mean, 0.02), 0.98)
        let half = 1.96 * (expected.deviation * expected.deviation + p * (1 - p) / testTexts).squareRoot()
        let low = max(0, expected.mean - half)
        return low...max(low, min(1, expected.mean + half))
    }
}
