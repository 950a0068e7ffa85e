import Foundation

/// What other tasks teach of the candidates, before a task's own labels are looked at.
///
/// A candidate's score on a task is the task's level plus the candidate's gain. A gain is normal around
/// `intercept + slope · relatedness`, a level around a line in the entropy of the task's classes: many classes are harder. A score
/// from cross-validation is lower by an offset, since its trainings see fewer texts. `Examples/composition/run` fits all of it, for
/// some numbers of labels.
package struct AutoPrior: Codable, Sendable, Equatable {
    package struct Size: Codable, Sendable, Equatable {
        package var labels: Double
        /// Of a task's level.
        package var level: Level
        /// Of each candidate's gain.
        package var intercept: [Double]
        package var slope: [Double]
        /// Of the gains around their means: [candidates, candidates].
        package var covariance: [[Double]]
        /// Final score less that of cross-validation.
        package var offset: [Double]
        /// Of the offset around its mean, the sampling of the texts apart.
        package var offsetVariance: [Double]
        /// How much farther than their deviation the scores of a target that the fit has not seen are from what it expects: the
        /// root mean square, at least 1.
        package var calibration: Double

        package init(
            labels: Double, level: Level, intercept: [Double], slope: [Double], covariance: [[Double]],
            offset: [Double],
            offsetVariance: [Double], calibration: Double = 1
        ) {
            self.labels = labels
            self.level = level
            self.intercept = intercept
            self.slope = slope
            self.covariance = covariance
            self.offset = offset
            self.offsetVariance = offsetVariance
            self.calibration = calibration
        }
    }

    /// What the mean of all candidates' scores is on a task.
    package struct Level: Codable, Sendable, Equatable {
        package var intercept: Double
        /// For a nat of the classes' entropy.
        package var slope: Double
        package var variance: Double
        /// Of the tasks that it was fitted to, their mean: what stands for a task without classes.
        package var entropy: Double

        package init(intercept: Double, slope: Double, variance: Double, entropy: Double) {
            self.intercept = intercept
            self.slope = slope
            self.variance = variance
            self.entropy = entropy
        }
    }

    /// The order of all lists.
    package var candidates: [AutoCandidate]
    /// Ascending by the number of labels; at least one.
    package var sizes: [Size]

    package init(candidates: [AutoCandidate], sizes: [Size]) {
        self.candidates = candidates
        self.sizes = sizes
    }

    /// Relatedness and entropy count within these bounds: those that the fit has seen.
    package static let relatedness = -0.1...0.3
    package static let entropy = 0.0...3.0
    /// Of the level of a task without classes.
    private static let unknownLevelVariance = 0.04

    /// Parameters for a number of labels: linear in its logarithm between sizes, constant beyond them.
    package func size(labels: Int) -> Size {
        let n = Double(max(1, labels))
        guard let above = sizes.firstIndex(where: { $0.labels >= n }), above > 0 else {
            return n <= sizes[0].labels ? sizes[0] : sizes[sizes.count - 1]
        }
        let (a, b) = (sizes[above - 1], sizes[above])
        let share = log(n / a.labels) / log(b.labels / a.labels)
        func mix(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 + share * ($1 - $0) } }
        func mix(_ a: Double, _ b: Double) -> Double { a + share * (b - a) }
        return Size(
            labels: n,
            level: Level(
                intercept: mix(a.level.intercept, b.level.intercept), slope: mix(a.level.slope, b.level.slope),
                variance: mix(a.level.variance, b.level.variance), entropy: mix(a.level.entropy, b.level.entropy)),
            intercept: mix(a.intercept, b.intercept), slope: mix(a.slope, b.slope),
            covariance: zip(a.covariance, b.covariance).map(mix), offset: mix(a.offset, b.offset),
            offsetVariance: mix(a.offsetVariance, b.offsetVariance), calibration: mix(a.calibration, b.calibration))
    }

    /// What to expect of each candidate before any of them has been scored; not calibrated.
    private func expectation(_ size: Size, relatedness: Double, entropy: Double?) -> AutoExpectation {
        let (r, h) = (Self.within(relatedness, Self.relatedness), entropy.map { Self.within($0, Self.entropy) })
        let level = size.level.intercept + size.level.slope * (h ?? size.level.entropy)
        let variance = h == nil ? max(size.level.variance, Self.unknownLevelVariance) : size.level.variance
        return AutoExpectation(
            candidates: candidates, mean: zip(size.intercept, size.slope).map { level + $0 + $1 * r },
            covariance: size.covariance.map { $0.map { $0 + variance } })
    }

    private static func within(_ value: Double, _ bounds: ClosedRange<Double>) -> Double {
        min(max(value, bounds.lowerBound), bounds.upperBound)
    }

    /// The expectation after evidence.
    package func expectation(_ evidence: AutoEvidence) -> AutoExpectation {
        let size = size(labels: evidence.labels)
        let prior = expectation(size, relatedness: evidence.relatedness, entropy: evidence.entropy)
        let places = evidence.candidates.map { candidate in
            candidates.firstIndex(of: candidate) ?? { preconditionFailure("candidate \(candidate)") }()
        }
        var noise = evidence.covariance
        for (i, place) in places.enumerated() { noise[i][i] += size.offsetVariance[place] }
        let after = prior.given(
            zip(evidence.scores, places).map { $0 + size.offset[$1] }, at: places, noise: noise)
        let factor = size.calibration * size.calibration
        return AutoExpectation(
            candidates: candidates, mean: after.mean, covariance: after.covariance.map { $0.map { $0 * factor } })
    }
}
