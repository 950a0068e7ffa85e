import Ablation

/// One target with so many labels and one seed, as `Examples/composition/run` has measured it.
struct AutoRecord: Decodable {
    var target: String
    var seed: Int
    /// Number of sources.
    var sources: Int
    var evidence: AutoEvidence
    /// Test scores of the candidates that were trained on all labels, by name.
    var scores: [String: Double]

    /// The score of a candidate on test.
    subscript(candidate: AutoCandidate) -> Double? { scores[candidate.rawValue] }

    /// Candidates with evidence and a test score.
    var candidates: [AutoCandidate] { evidence.candidates.filter { self[$0] != nil } }
}
