import Ablation
import Foundation

/// Fits the prior of `fuse --method auto` to targets on which every candidate was trained.
///
/// For each number of labels: a candidate's gain over the mean of all candidates is regressed on relatedness, every target
/// weighing the same, with a ridge on the slope; what is left gives the covariance. Offsets are the test score less that of
/// cross-validation. The level, the mean of all candidates, is regressed on the entropy of the classes. Few targets say little of
/// the differences between targets, so variances are scaled by T / (T − 1), or T / (T − 2) after a slope; and what remains is
/// calibrated: each target is left out once, and its score compared with what is expected of it.
struct AutoPriorFit {
    /// Ridge on slopes: the variance of relatedness at which a slope is halved.
    private static let ridge = 0.002
    /// Part of the covariances between candidates that is given up for the diagonal.
    private static let shrinkage = 0.2
    private static let floor = 1e-4
    /// As `ridge`, for entropies in nats.
    private static let entropyRidge = 0.02
    private static let levelFloor = 0.003

    /// - Returns: nil without records of all candidates
    static func prior(_ records: [AutoRecord]) -> AutoPrior? {
        guard var prior = uncalibrated(records) else { return nil }
        var squares: [Int: [Double]] = [:]
        for target in Set(records.map(\.target)).sorted() {
            guard let other = uncalibrated(records.filter { $0.target != target }) else { continue }
            for record in records where record.target == target {
                guard let replay = AutoReplay(record, other), let score = record[replay.chosen] else { continue }
                let variance = pow(replay.expected.deviation, 2) + score * (1 - score) / AutoOutcome.testTexts
                squares[record.evidence.labels, default: []].append(pow(score - replay.expected.mean, 2) / variance)
            }
        }
        for i in prior.sizes.indices {
            prior.sizes[i].calibration = max(1, mean(squares[Int(prior.sizes[i].labels)] ?? []).squareRoot())
        }
        return prior
    }

    private static func uncalibrated(_ records: [AutoRecord]) -> AutoPrior? {
        let candidates = AutoCandidate.allCases
        var sizes: [AutoPrior.Size] = []
        for labels in Set(records.map(\.evidence.labels)).sorted() {
            let own = records.filter { $0.evidence.labels == labels }
            let known = candidates.indices.filter { c in own.allSatisfy { $0.candidates.contains(candidates[c]) } }
            let fitted = size(labels, own, known.map { candidates[$0] })
            if known.count == candidates.count {
                sizes.append(fitted)
            } else if let smaller = sizes.last {
                sizes.append(smaller.replacing(known, with: fitted))
            }
        }
        guard !sizes.isEmpty else { return nil }
        return AutoPrior(candidates: candidates, sizes: sizes)
    }

    private static func size(_ labels: Int, _ records: [AutoRecord], _ candidates: [AutoCandidate]) -> AutoPrior.Size {
        let targets = Dictionary(grouping: records, by: \.target)
        let count = Double(targets.count)
        // Seeds of a target share its weight
        let weights = records.map { 1 / (count * Double(targets[$0.target]?.count ?? 1)) }
        func average(_ value: (Int) -> Double) -> Double {
            records.indices.reduce(0) { $0 + weights[$1] * value($1) }
        }
        let bounds = AutoPrior.relatedness
        let relatedness = records.map { min(max($0.evidence.relatedness, bounds.lowerBound), bounds.upperBound) }
        let gains = records.map { record in
            let scores = candidates.compactMap { record[$0] }
            return scores.map { $0 - mean(scores) }
        }
        let entropies = records.compactMap(\.evidence.entropy)
        let entropy = records.map { $0.evidence.entropy ?? mean(entropies) }
        let levels = records.map { record in mean(candidates.compactMap { record[$0] }) }
        let (middle, height) = (average { entropy[$0] }, average { levels[$0] })
        let steepness =
            average { (entropy[$0] - middle) * (levels[$0] - height) }
            / (average { (entropy[$0] - middle) * (entropy[$0] - middle) } + entropyRidge)
        let around = average { i in pow(levels[i] - height - steepness * (entropy[i] - middle), 2) }
        let level = AutoPrior.Level(
            intercept: height - steepness * middle, slope: steepness,
            variance: max(around * count / max(1, count - 2), levelFloor), entropy: middle)

        let center = average { relatedness[$0] }
        let spread = average { (relatedness[$0] - center) * (relatedness[$0] - center) }
        var (intercept, slope): ([Double], [Double]) = ([], [])
        for c in candidates.indices {
            let gain = average { gains[$0][c] }
            let together = average { (relatedness[$0] - center) * (gains[$0][c] - gain) }
            slope.append(together / (spread + ridge))
            intercept.append(gain - slope[c] * center)
        }
        let rest = records.indices.map { i in
            candidates.indices.map { gains[i][$0] - intercept[$0] - slope[$0] * relatedness[i] }
        }
        let inflation = count > 1 ? count / (count - 1) : 2
        let covariance = candidates.indices.map { a in
            candidates.indices.map { b in
                let value = inflation * average { rest[$0][a] * rest[$0][b] }
                return a == b ? value + floor : (1 - shrinkage) * value
            }
        }
        var (offset, offsetVariance): ([Double], [Double]) = ([], [])
        for candidate in candidates {
            let differences = records.map { ($0[candidate] ?? 0) - ($0.evidence[candidate] ?? 0) }
            let own = average { differences[$0] }
            let all = inflation * average { (differences[$0] - own) * (differences[$0] - own) }
            let sampling = average { i in
                let evidence = records[i].evidence
                return evidence.candidates.firstIndex(of: candidate).map { evidence.covariance[$0][$0] } ?? 0
            }
            offset.append(own)
            offsetVariance.append(max(all - sampling, floor))
        }
        return AutoPrior.Size(
            labels: Double(labels), level: level, intercept: intercept, slope: slope, covariance: covariance,
            offset: offset,
            offsetVariance: offsetVariance)
    }

    static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }
}

extension AutoPrior.Size {
    /// The same with what is known of some candidates from more labels; the others keep what fewer labels say of them, without
    /// covariances between the two.
    fileprivate func replacing(_ places: [Int], with known: AutoPrior.Size) -> AutoPrior.Size {
        var size = self
        (size.labels, size.level) = (known.labels, known.level)
        for (i, place) in places.enumerated() {
            (size.intercept[place], size.slope[place]) = (known.intercept[i], known.slope[i])
            (size.offset[place], size.offsetVariance[place]) = (known.offset[i], known.offsetVariance[i])
            for other in size.covariance.indices {
                let value = places.firstIndex(of: other).map { known.covariance[i][$0] } ?? 0
                (size.covariance[place][other], size.covariance[other][place]) = (value, value)
            }
        }
        return size
    }
}
