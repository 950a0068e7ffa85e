import Tasks

/// tr(Σ⁻¹ Σ_B) of the features' covariance and that of their class means (Bao et al. 2019), with the covariance shrunk to a
/// multiple of the identity as Ledoit and Wolf 2004 estimate it: tr(Σ_α⁻¹ (1 − α) Σ_B) (Ibrahim et al. 2021).
package enum HScore: TransferabilityScore {
    package static let name = "h_score"
    package static let summary = "covariance between classes against all of it, with shrinkage (H-score)"

    package static func value(_ sample: TransferabilitySample) -> Double? { sample.mean { value(sample, $0) } }

    private static func value(
        _ sample: TransferabilitySample, _ problem: TransferabilitySample.ClassProblem
    ) -> Double? {
        let (rows, places, count) = (problem.rows, problem.places, problem.count)
        let width = sample.features.width
        let (n, p) = (Double(rows.count), Double(width))
        let standardized = StandardizedRows(sample.features.values, columns: width, indices: rows)
        let deviations = standardized.factors.map { 1 / $0 }
        var covariance = standardized.gram()
        for i in 0..<width {
            for j in 0..<width { covariance[i * width + j] *= deviations[i] * deviations[j] / n }
        }
        /// Squared lengths of the centered rows: their squares sum up to Σᵢⱼ Σ_rows xᵢ² xⱼ².
        var fourth = 0.0
        /// Centered class means, [width, classes].
        var means = [Double](repeating: 0, count: width * count)
        var sizes = [Double](repeating: 0, count: count)
        for (row, place) in zip(rows, places) {
            var square = 0.0
            sizes[place] += 1
            for (j, value) in sample.features.row(row).enumerated() {
                let x = Double(value) - standardized.means[j]
                square += x * x
                means[j * count + place] += x
            }
            fourth += square * square
        }
        for j in 0..<width { for c in 0..<count { means[j * count + c] /= sizes[c] } }
        let trace = (0..<width).reduce(0) { $0 + covariance[$1 * width + $1] }
        let mu = trace / p
        let squares = covariance.reduce(0) { $0 + $1 * $1 }
        let distance = (squares - 2 * mu * trace + p * mu * mu) / p
        let error = min(distance, (fourth / n - squares) / (p * n))
        let shrinkage = error > 0 ? error / distance : 0
        for i in covariance.indices { covariance[i] *= 1 - shrinkage }
        for i in 0..<width { covariance[i * width + i] += shrinkage * mu }
        guard let factor = Cholesky(covariance, size: width) else { return nil }
        let solved = factor.solve(means, width: count)
        var sum = 0.0
        for j in 0..<width {
            for c in 0..<count { sum += sizes[c] / (n - 1) * means[j * count + c] * solved[j * count + c] }
        }
        return (1 - shrinkage) * sum
    }
}
