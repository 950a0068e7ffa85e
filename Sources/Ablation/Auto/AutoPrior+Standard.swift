import Foundation

extension AutoPrior {
    /// Knows nothing of the candidates but that none of them is far from the others.
    package static let flat = AutoPrior(
        candidates: AutoCandidate.allCases,
        sizes: [
            Size(
                labels: 128, level: Level(intercept: 0.6, slope: 0, variance: 0.0625, entropy: 0),
                intercept: AutoCandidate.allCases.map { _ in 0 },
                slope: AutoCandidate.allCases.map { _ in 0 },
                covariance: AutoCandidate.allCases.indices.map { i in
                    AutoCandidate.allCases.indices.map { $0 == i ? 0.0025 : 0 }
                }, offset: AutoCandidate.allCases.map { _ in 0.03 },
                offsetVariance: AutoCandidate.allCases.map { _ in 0.0009 })
        ])

    /// What `auto` starts from: fitted to other targets.
    package static let standard: AutoPrior = {
        do {
            return try JSONDecoder().decode(AutoPrior.self, from: Data(AutoPriorTable.json.utf8))
        } catch {
            preconditionFailure("AutoPriorTable: \(error)")
        }
    }()
}
