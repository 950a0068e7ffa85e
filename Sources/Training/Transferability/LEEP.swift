import Foundation

/// The mean log-likelihood of the targets if each source class z stands for target classes as P(y | z) says: LEEP (Nguyen et al.
/// 2020, equations 2 and 3), from the probabilities that a source's own head gives.
///
/// P(y, z) = 1/n Σᵢ θ(xᵢ)_z [yᵢ = y], and the score is 1/n Σᵢ ln Σ_z P(yᵢ | z) θ(xᵢ)_z.
package enum LEEP: TransferabilityScore {
    package static let name = "leep"
    package static let summary = "log-likelihood through the classes of the source's own head (LEEP)"

    package static func value(_ sample: TransferabilitySample) -> Double? {
        sample.sourceClasses > 1 ? sample.mean { value(sample, $0) } : nil
    }

    private static func value(
        _ sample: TransferabilitySample, _ problem: TransferabilitySample.ClassProblem
    ) -> Double? {
        let (rows, places, count) = (problem.rows, problem.places, problem.count)
        let width = sample.sourceClasses
        /// [count, width]
        var joint = [Double](repeating: 0, count: count * width)
        var totals = [Double](repeating: 0, count: width)
        for (row, place) in zip(rows, places) {
            for z in 0..<width {
                let probability = Double(sample.source[row * width + z])
                joint[place * width + z] += probability
                totals[z] += probability
            }
        }
        let sum = zip(rows, places).reduce(0.0) { sum, example in
            let likelihood = (0..<width).reduce(0.0) { sum, z in
                guard totals[z] > 0 else { return sum }
                return sum + joint[example.1 * width + z] / totals[z] * Double(sample.source[example.0 * width + z])
            }
            return sum + log(max(likelihood, .leastNormalMagnitude))
        }
        return sum / Double(rows.count)
    }
}
