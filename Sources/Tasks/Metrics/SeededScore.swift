import Foundation

/// The mean score of several runs, with what both the test texts and the seeds add to its noise.
///
/// Texts and seeds are crossed: every run answers every text. The variance of the mean is that over texts, plus that over
/// runs, less their interaction, which both contain (the two-way decomposition of a crossed design). Texts are resampled; the
/// runs' part is drawn from a t distribution with one degree of freedom fewer than there are runs, along the runs' deviations.
/// Runs of the same place pair: they have the same seed.
package struct SeededScore: Equatable, Sendable {
    /// On the texts as they are.
    package var value: Double
    /// The mean over the runs on each resample of the texts.
    package private(set) var texts: [Double]
    /// For each run its deviation from the mean over √(S(S − 1)), shrunk by the interaction: their squares add up to the
    /// runs' part of the variance.
    package private(set) var deviations: [Double]
    /// The fewest runs that went into it.
    package private(set) var runs: Int

    /// - Parameter runs: scores over the same resamples; undefined ones do not count
    package init(_ runs: [ResampledScore]) {
        let mean = ResampledScore.mean(runs)
        (value, texts) = (mean.value, mean.resampled)
        let defined = runs.indices.filter { !runs[$0].value.isNaN }
        self.runs = defined.count
        deviations = []
        guard defined.count > 1 else { return }
        let count = Double(defined.count)
        let scale = (count * (count - 1)).squareRoot()
        deviations = runs.map { $0.value.isNaN ? 0 : ($0.value - mean.value) / scale }
        let variance = deviations.reduce(0) { $0 + $1 * $1 }
        let shared = Self.interaction(defined.map { runs[$0] }, mean)
        let kept = variance > 0 ? max(0, 1 - shared / variance).squareRoot() : 0
        deviations = deviations.map { $0 * kept }
    }

    /// The part of the mean's variance that texts and runs have only together: how differently the runs answer the same
    /// resample of texts.
    private static func interaction(_ runs: [ResampledScore], _ mean: ResampledScore) -> Double {
        let count = Double(runs.count)
        let sum = runs.reduce(0.0) { sum, run in
            // What this run gains on a resample beyond what all runs gain
            let own = zip(run.resampled, mean.resampled).map { ($0 - run.value) - ($1 - mean.value) }.filter(\.isFinite)
            return sum + (own.isEmpty ? 0 : own.reduce(0) { $0 + $1 * $1 } / Double(own.count))
        }
        return sum / (count - 1) / count
    }

    private init(value: Double, texts: [Double], deviations: [Double], runs: Int) {
        (self.value, self.texts, self.deviations, self.runs) = (value, texts, deviations, runs)
    }

    /// Without an interval: too few texts.
    package var withoutInterval: SeededScore { .init(value: value, texts: [], deviations: [], runs: runs) }

    package var negated: SeededScore {
        .init(value: -value, texts: texts.map { -$0 }, deviations: deviations.map { -$0 }, runs: runs)
    }

    package static func - (a: SeededScore, b: SeededScore) -> SeededScore { sum([a, b.negated], weight: 1) }

    /// The mean of scores on the same resamples; undefined where one of them is.
    package static func mean(_ scores: [SeededScore]) -> SeededScore { sum(scores, weight: 1 / Double(scores.count)) }

    private static func sum(_ scores: [SeededScore], weight: Double) -> SeededScore {
        func added(_ lists: [[Double]], count: Int, _ missing: Double?) -> [Double] {
            (0..<count).map { i in
                weight * lists.reduce(0) { $0 + ($1.indices.contains(i) ? $1[i] : missing ?? .nan) }
            }
        }
        return SeededScore(
            value: weight * scores.reduce(0) { $0 + $1.value },
            texts: added(scores.map(\.texts), count: scores.map(\.texts.count).min() ?? 0, nil),
            deviations: added(scores.map(\.deviations), count: scores.map(\.deviations.count).max() ?? 0, 0),
            runs: scores.map(\.runs).min() ?? 0)
    }

    // MARK: - Noise

    /// The variance over texts, and the runs' part.
    private var variances: (texts: Double, runs: Double) {
        let defined = texts.filter { !$0.isNaN }
        let mean = defined.reduce(0, +) / Double(max(1, defined.count))
        return (
            defined.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, defined.count)),
            deviations.reduce(0) { $0 + $1 * $1 }
        )
    }

    /// Degrees of freedom after Satterthwaite (1946); those of the texts are taken as infinite.
    package var freedom: Double {
        let (texts, own) = variances
        guard own > 0, runs > 1 else { return .infinity }
        return (texts + own) * (texts + own) / (own * own) * Double(runs - 1)
    }

    /// The same, of a score that is a share: seeds do not take it above 1, nor below 0 where texts do not.
    package func resampled(isShare: Bool) -> ResampledScore {
        var score = resampled
        guard isShare else { return score }
        let least = texts.contains { $0 < 0 } ? -1.0 : 0
        score.resampled = score.resampled.map { $0.isNaN ? $0 : min(1, max(least, $0)) }
        return score
    }

    /// The score with the noise of texts and runs on each resample.
    package var resampled: ResampledScore {
        guard runs > 1, deviations.contains(where: { $0 != 0 }) else {
            return ResampledScore(value: value, resampled: texts)
        }
        return ResampledScore(
            value: value,
            resampled: texts.indices.map { i in
                let z = deviations.indices.reduce(0.0) { $0 + deviations[$1] * SeedNoise.normal(i, .run, $1) }
                let squares = (0..<runs - 1).reduce(0.0) { sum, j in
                    let y = SeedNoise.normal(i, .freedom, j)
                    return sum + y * y
                }
                return texts[i] + z * (Double(runs - 1) / squares).squareRoot()
            })
    }
}

/// Standard normal numbers: a function of resample and place alone, so that scores on the same resamples pair.
private enum SeedNoise {
    enum Stream: UInt64 { case run = 0x5EED, freedom = 0xF4EE }

    static func normal(_ resample: Int, _ stream: Stream, _ place: Int) -> Double {
        let key = Bootstrap.mixed(stream.rawValue &+ Bootstrap.mixed(UInt64(resample) << 20 | UInt64(place)))
        // Box and Muller (1958); the first number is in (0, 1]
        let a = (Double(key >> 11) + 1) / 0x1p53
        let b = Double(Bootstrap.mixed(key) >> 11) / 0x1p53
        return (-2 * log(a)).squareRoot() * cos(2 * .pi * b)
    }
}
