import Foundation

/// What cross-validation on a task's own labels says of candidates.
///
/// Scores are the task's metric on texts that the training of that fold has not seen, larger is better. All are of the same
/// texts, so they pair.
package struct AutoEvidence: Codable, Sendable, Equatable {
    /// Training examples with an answer.
    package var labels: Int
    /// By how much a linear probe on the features of the closest source beats one on the bare model's.
    package var relatedness: Double
    /// Of the classes among the labels, in nats; nil: they are no classes.
    package var entropy: Double?
    /// Candidates that were scored.
    package var candidates: [AutoCandidate] = []
    /// Of each candidate.
    package var scores: [Double] = []
    /// Of the scores, from a bootstrap over the texts: [candidates, candidates].
    package var covariance: [[Double]] = []

    package init(labels: Int, relatedness: Double, entropy: Double? = nil) {
        self.labels = labels
        self.relatedness = relatedness
        self.entropy = entropy
    }

    /// The entropy of classes as they occur, in nats; nil: there are none.
    package static func entropy(_ classes: [Int]) -> Double? {
        guard !classes.isEmpty else { return nil }
        let counts = Dictionary(grouping: classes) { $0 }.mapValues { Double($0.count) / Double(classes.count) }
        // In a fixed order, so that the sum has the same bits in each run
        return counts.values.sorted().reduce(0) { $0 - $1 * log($1) }
    }

    package subscript(candidate: AutoCandidate) -> Double? {
        candidates.firstIndex(of: candidate).map { scores[$0] }
    }

    /// The same with some of the candidates alone.
    package func only(_ kept: [AutoCandidate]) -> AutoEvidence {
        let places = candidates.indices.filter { kept.contains(candidates[$0]) }
        var evidence = AutoEvidence(labels: labels, relatedness: relatedness, entropy: entropy)
        evidence.candidates = places.map { candidates[$0] }
        evidence.scores = places.map { scores[$0] }
        evidence.covariance = places.map { row in places.map { covariance[row][$0] } }
        return evidence
    }
}
