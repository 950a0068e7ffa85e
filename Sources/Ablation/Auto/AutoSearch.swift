import Foundation

/// Which candidates are worth their evidence, one after the other, and which one is chosen in the end.
///
/// The candidate that is expected to be best is scored first; then whichever is most likely to beat the best one, as long as
/// the budget also has room for the final training of both. Only numbers decide, never time.
package struct AutoSearch {
    /// Tokens that pass through the model.
    package struct Costs: Sendable, Equatable {
        /// Of cross-validation; what other candidates have to be scored with is apart.
        package var evidence: [AutoCandidate: Double]
        /// Of the final bundle, with all that it takes.
        package var final: [AutoCandidate: Double]

        package init(evidence: [AutoCandidate: Double], final: [AutoCandidate: Double]) {
            self.evidence = evidence
            self.final = final
        }

        /// - Parameter tokens: of the training texts
        package init(_ candidates: [AutoCandidate], tokens: Double, labels: Int) {
            let training = tokens * Double(AutoSchedule.epochs(labels: labels))
            (evidence, final) = ([:], [:])
            for candidate in candidates {
                // Of two folds: two halves are trained on, and two halves scored
                evidence[candidate] = candidate.isProbe ? 2 * tokens : training + tokens
                final[candidate] = candidate.isProbe ? tokens : training * Double(candidate.trainings)
            }
        }
    }

    /// Texts that the sources are ranked on; a ranking is no better with more.
    package static let rankedTexts = 256

    package let prior: AutoPrior
    package let costs: Costs
    /// In tokens.
    package let budget: Double
    package private(set) var evidence: AutoEvidence
    package private(set) var spent: Double

    /// A candidate that is less likely than this to be the best is not worth its evidence.
    private static let hope = 0.05

    /// - Parameters:
    ///   - tokens: of the training texts.
    ///   - fusions: the budget, in trainings of a fusion on all labels; nil: by their number.
    ///   - evidence: on the candidates that are cheap.
    ///   - ranking: tokens that the ranking of the sources took.
    package init(
        _ prior: AutoPrior, _ costs: Costs, labels: Int, tokens: Double, fusions: Double? = nil, evidence: AutoEvidence,
        ranking: Double
    ) {
        self.prior = prior
        self.costs = costs
        self.evidence = evidence
        budget =
            (fusions ?? AutoSchedule.fusions(labels: labels)) * tokens * Double(AutoSchedule.epochs(labels: labels))
        spent = ranking + evidence.candidates.reduce(0) { $0 + (costs.evidence[$1] ?? 0) }
    }

    package var expectation: AutoExpectation { prior.expectation(evidence) }

    /// Final trainings that the budget still has room for.
    private var affordable: [AutoCandidate: Double] { costs.final.filter { spent + $0.value <= budget } }

    /// The candidate to choose on what is known.
    package var best: AutoCandidate? { expectation.best(costs: affordable) }

    /// The candidates to score next, in their order: one, after what it needs; nil: the search has ended.
    package var next: [AutoCandidate]? {
        let expectation = expectation
        guard let best = expectation.best(costs: affordable) else { return nil }
        func hope(_ candidate: AutoCandidate) -> Double {
            guard candidate != best else { return 1 }
            guard let d = expectation.difference(candidate, best), d.deviation > 0 else { return 0 }
            return 0.5 * erfc(-d.mean / d.deviation / 2.0.squareRoot())
        }
        let open = costs.evidence.keys.filter { evidence[$0] == nil && fits($0, beside: best) }
        let ranked = open.map { (candidate: $0, hope: hope($0)) }.filter { $0.hope >= Self.hope }
            .sorted { ($1.hope, $0.candidate.rawValue) < ($0.hope, $1.candidate.rawValue) }
        return ranked.first.map { missing($0.candidate) }
    }

    /// A candidate after what it needs, without what has been scored.
    private func missing(_ candidate: AutoCandidate) -> [AutoCandidate] {
        ([candidate.needs].compactMap { $0 } + [candidate]).filter { evidence[$0] == nil }
    }

    /// Whether the budget suffices for a candidate's evidence, and then for its final training or the best one's.
    private func fits(_ candidate: AutoCandidate, beside best: AutoCandidate) -> Bool {
        let cost = missing(candidate).reduce(0) { $0 + (costs.evidence[$1] ?? 0) }
        let final = max(costs.final[candidate] ?? .infinity, costs.final[best] ?? .infinity)
        return spent + cost + final <= budget
    }

    /// Takes new evidence on.
    /// - Parameter evidence: on all candidates that have been scored, those before included
    package mutating func add(_ evidence: AutoEvidence, cost: Double) {
        self.evidence = evidence
        spent += cost
    }
}
