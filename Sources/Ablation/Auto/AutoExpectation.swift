import Foundation
import Tasks

/// What to expect of candidates' scores: a normal distribution over all of them.
package struct AutoExpectation: Sendable, Equatable {
    package let candidates: [AutoCandidate]
    package let mean: [Double]
    /// [candidates, candidates]
    package let covariance: [[Double]]

    package init(candidates: [AutoCandidate], mean: [Double], covariance: [[Double]]) {
        self.candidates = candidates
        self.mean = mean
        self.covariance = covariance
    }

    /// The distribution given noisy measurements of some scores (Rasmussen and Williams 2006, equations A.6 and 2.23 to 2.24):
    /// μ + Σ Hᵀ S⁻¹ (y − H μ), Σ − Σ Hᵀ S⁻¹ H Σ, with S = H Σ Hᵀ + N.
    /// - Parameters:
    ///   - values: y
    ///   - places: whose scores they measure: the rows of H
    ///   - noise: N, [values, values]
    func given(_ values: [Double], at places: [Int], noise: [[Double]]) -> AutoExpectation {
        guard !values.isEmpty else { return self }
        let n = values.count
        var s = [Double](repeating: 0, count: n * n)
        for i in 0..<n {
            for j in 0..<n { s[i * n + j] = covariance[places[i]][places[j]] + noise[i][j] }
            // Equal answers give a singular covariance
            s[i * n + i] += 1e-6
        }
        guard let factor = Cholesky(s, size: n) else { return self }
        // Columns of H Σ with the residuals beside them
        let width = candidates.count + 1
        var right = [Double](repeating: 0, count: n * width)
        for i in 0..<n {
            for c in candidates.indices { right[i * width + c] = covariance[places[i]][c] }
            right[i * width + width - 1] = values[i] - mean[places[i]]
        }
        let solved = factor.solve(right, width: width)
        var (mean, covariance) = (mean, covariance)
        for c in candidates.indices {
            for i in 0..<n {
                let gain = self.covariance[c][places[i]]
                mean[c] += gain * solved[i * width + width - 1]
                for d in candidates.indices { covariance[c][d] -= gain * solved[i * width + d] }
            }
        }
        return AutoExpectation(candidates: candidates, mean: mean, covariance: covariance)
    }

    package subscript(candidate: AutoCandidate) -> (mean: Double, deviation: Double)? {
        candidates.firstIndex(of: candidate).map { (mean[$0], max(0, covariance[$0][$0]).squareRoot()) }
    }

    /// By how much a is better than b.
    package func difference(_ a: AutoCandidate, _ b: AutoCandidate) -> (mean: Double, deviation: Double)? {
        guard let i = candidates.firstIndex(of: a), let j = candidates.firstIndex(of: b) else { return nil }
        let variance = covariance[i][i] + covariance[j][j] - 2 * covariance[i][j]
        return (mean[i] - mean[j], max(0, variance).squareRoot())
    }

    /// The candidate with the highest mean; of those within `tie`, the one that costs least.
    /// - Parameter costs: of each candidate that may be chosen
    package func best(costs: [AutoCandidate: Double], tie: Double = 0.001) -> AutoCandidate? {
        let all = candidates.indices.filter { costs[candidates[$0]] != nil }
        guard let top = all.map({ mean[$0] }).max() else { return nil }
        return all.filter { mean[$0] >= top - tie }.map { candidates[$0] }
            .min { (costs[$0] ?? 0, $0.rawValue) < (costs[$1] ?? 0, $1.rawValue) }
    }
}
