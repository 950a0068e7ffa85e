import Foundation

/// What other tasks teach of the candidates, before a task's own labels are looked at.
///
/// A candidate's score on a task is the task's level plus the candidate's gain. A gain is normal around
/// `intercept + slope · relatedness`; the level is nearly free. A score from cross-validation is lower by an offset, since
/// its trainings see fewer texts. `Examples/composition/run` fits all of it, for some numbers of labels.
package struct AutoPrior: Codable, Sendable, Equatable {
    package struct Size: Codable, Sendable, Equatable {
        package var labels: Double
        /// Of each candidate's gain.
        package var intercept: [Double]
        package var slope: [Double]
        /// Of the gains around their means: [candidates, candidates].
        package var covariance: [[Double]]
        /// Final score less that of cross-validation.
        package var offset: [Double]
        /// Of the offset around its mean, the sampling of the texts apart.
        package var offsetVariance: [Double]

        package init(
            labels: Double, intercept: [Double], slope: [Double], covariance: [[Double]], offset: [Double],
            offsetVariance: [Double]
        ) {
            self.labels = labels
            self.intercept = intercept
            self.slope = slope
            self.covariance = covariance
            self.offset = offset
            self.offsetVariance = offsetVariance
        }
    }

    /// The order of all lists.
    package var candidates: [AutoCandidate]
    /// Ascending by the number of labels; at least one.
    package var sizes: [Size]
    /// Of a task's level.
    package var level: Double
    package var levelVariance: Double

    package init(candidates: [AutoCandidate], sizes: [Size], level: Double, levelVariance: Double) {
        self.candidates = candidates
        self.sizes = sizes
        self.level = level
        self.levelVariance = levelVariance
    }

    /// Relatedness counts within these bounds: those that the fit has seen.
    package static let relatedness = -0.1...0.3

    /// Parameters for a number of labels: linear in its logarithm between sizes, constant beyond them.
    package func size(labels: Int) -> Size {
        let n = Double(max(1, labels))
        guard let above = sizes.firstIndex(where: { $0.labels >= n }), above > 0 else {
            return n <= sizes[0].labels ? sizes[0] : sizes[sizes.count - 1]
        }
        let (a, b) = (sizes[above - 1], sizes[above])
        let share = log(n / a.labels) / log(b.labels / a.labels)
        func mix(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 + share * ($1 - $0) } }
        return Size(
            labels: n, intercept: mix(a.intercept, b.intercept), slope: mix(a.slope, b.slope),
            covariance: zip(a.covariance, b.covariance).map(mix), offset: mix(a.offset, b.offset),
            offsetVariance: mix(a.offsetVariance, b.offsetVariance))
    }

    /// What to expect of each candidate before any of them has been scored.
    package func expectation(labels: Int, relatedness: Double) -> AutoExpectation {
        let size = size(labels: labels)
        let r = min(max(relatedness, Self.relatedness.lowerBound), Self.relatedness.upperBound)
        return AutoExpectation(
            candidates: candidates, mean: zip(size.intercept, size.slope).map { level + $0 + $1 * r },
            covariance: size.covariance.map { $0.map { $0 + levelVariance } })
    }

    /// The expectation after evidence.
    package func expectation(_ evidence: AutoEvidence) -> AutoExpectation {
        let prior = expectation(labels: evidence.labels, relatedness: evidence.relatedness)
        let size = size(labels: evidence.labels)
        let places = evidence.candidates.map { candidate in
            candidates.firstIndex(of: candidate) ?? { preconditionFailure("candidate \(candidate)") }()
        }
        var noise = evidence.covariance
        for (i, place) in places.enumerated() { noise[i][i] += size.offsetVariance[place] }
        return prior.given(
            zip(evidence.scores, places).map { $0 + size.offset[$1] }, at: places, noise: noise)
    }
}
