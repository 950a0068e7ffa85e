import Foundation
import Numerics

/// The logarithm of the evidence that a Bayesian linear model of the features gives the targets, a row: LogME (You et al. 2021).
///
/// y ~ N(F w, β⁻¹ I) and w ~ N(0, α⁻¹ I), with the α and β that maximize the evidence (algorithm 2 there, by its fixed point).
/// Of classes, the mean over one-vs-rest targets 0 and 1; of sets of labels, over the targets of each label; of several numbers,
/// the mean.
package enum LogME: TransferabilityScore {
    package static let name = "logme"
    package static let summary = "evidence of a Bayesian linear model (LogME)"

    /// Steps of the fixed point, and the change of α/β at which it ends, as in the authors' code.
    private static let steps = 11
    private static let tolerance = 1e-3
    /// Keeps α and β finite where the targets are fitted exactly, or not at all.
    private static let floor = 1e-5

    package static func value(_ sample: TransferabilitySample) -> Double? {
        let width = sample.features.width
        if let classes = sample.classes() {
            let spectrum = Spectrum(sample.matrix(classes.rows), rows: classes.rows.count, columns: width)
            let evidences = (0..<classes.count).map { c in spectrum.evidence(classes.places.map { $0 == c ? 1 : 0 }) }
            return evidences.reduce(0, +) / Double(classes.count)
        }
        let labels = sample.labels()
        guard let first = labels.first else {
            let evidences = sample.numbers().filter { $0.rows.count > 1 }.map {
                Spectrum(sample.matrix($0.rows), rows: $0.rows.count, columns: width).evidence($0.values)
            }
            return evidences.isEmpty ? nil : evidences.reduce(0, +) / Double(evidences.count)
        }
        let spectrum = Spectrum(sample.matrix(first.rows), rows: first.rows.count, columns: width)
        return labels.reduce(0) { $0 + spectrum.evidence($1.places.map { Double($0) }) } / Double(labels.count)
    }

    /// The squared singular values of features, with the left vectors.
    private struct Spectrum {
        let rows: Double
        let squares: [Double]
        let left: [[Double]]

        init(_ matrix: [Float], rows: Int, columns: Int) {
            let vectors = SingularVectors(matrix, rows: rows, columns: columns, count: min(rows, columns))
            self.rows = Double(rows)
            squares = vectors.values.map { $0 * $0 }
            left = vectors.left
        }

        /// Per row: N/2 ln β − ½ Σ ln(1 + σ²/t) − β/2 ‖y − F m‖² − α/2 ‖m‖² − N/2 ln 2π with t = α/β.
        func evidence(_ y: [Double]) -> Double {
            let projections = left.map { vector in
                let dot = zip(vector, y).reduce(0) { $0 + $1.0 * $1.1 }
                return dot * dot
            }
            let outside = max(0, y.reduce(0) { $0 + $1 * $1 } - projections.reduce(0, +))
            var (t, evidence) = (1.0, 0.0)
            for _ in 0..<LogME.steps {
                var (gamma, mean, rest) = (0.0, 0.0, outside)
                for (square, projection) in zip(squares, projections) {
                    gamma += square / (square + t)
                    mean += square * projection / ((square + t) * (square + t))
                    rest += projection / ((1 + square / t) * (1 + square / t))
                }
                let (alpha, beta) = (gamma / (mean + LogME.floor), (rows - gamma) / (rest + LogME.floor))
                let last = t
                t = alpha / beta
                let determinant = squares.reduce(0) { $0 + log1p($1 / t) }
                evidence =
                    rows / 2 * log(beta / (2 * .pi)) - determinant / 2 - beta / 2 * rest - alpha / 2 * mean
                if abs(t - last) <= LogME.tolerance * last { break }
            }
            return evidence / rows
        }
    }
}
