/// The probability from which on each label is predicted, chosen on a dev split to maximize F1 (Lipton, Elkan and
/// Naryanaswamy 2014: the best threshold for F1 is seldom 0.5).
///
/// A label with few true dev examples would fit its threshold to their noise. It gets the threshold that is best for the
/// micro-F1 of all labels together instead.
package enum LabelThresholds {
    /// What applies where nothing was chosen.
    package static let standard: Float = 0.5
    /// True examples below which a label has no threshold of its own.
    package static let fewestExamples = 10

    /// The labels whose probability reaches its threshold, ascending.
    package static func labels(_ probabilities: some Collection<Float>, _ thresholds: [Float]) -> [Int] {
        zip(probabilities, thresholds).enumerated().compactMap { $1.0 >= $1.1 ? $0 : nil }
    }

    /// A threshold in 0...1 for each label; all `standard` where no example has a label.
    /// - Parameters:
    ///   - probabilities: [examples, labels]
    ///   - gold: for each example its labels; nil: it does not count. Labels from `labels` on are unknown and do not count.
    ///   - labels: their number
    package static func chosen(_ probabilities: [Float], _ gold: [[Int]?], labels: Int) -> [Float] {
        precondition(probabilities.count == gold.count * labels, "one probability for each label of each example")
        var pairs = [[(probability: Float, isTrue: Bool)]](repeating: [], count: labels)
        for (i, set) in gold.enumerated() {
            guard let set else { continue }
            for c in 0..<labels { pairs[c].append((probabilities[i * labels + c], set.contains(c))) }
        }
        let pooled = best(Array(pairs.joined()))
        return pairs.map { $0.count { $0.isTrue } < fewestExamples ? pooled : best($0) }
    }

    /// The threshold with the largest F1 = 2 · right / (predicted + true); of equally good ones the nearest to 0.5.
    ///
    /// Between two probabilities that differ, all thresholds predict the same: 0.5 stands for those around it, else their
    /// middle.
    static func best(_ pairs: [(probability: Float, isTrue: Bool)]) -> Float {
        let sorted = pairs.sorted { $0.probability > $1.probability }
        let all = sorted.count { $0.isTrue }
        guard all > 0 else { return standard }
        var (right, bestScore, threshold) = (0, -1.0, standard)
        for (i, pair) in sorted.enumerated() {
            if pair.isTrue { right += 1 }
            let next = i + 1 < sorted.count ? sorted[i + 1].probability : 0
            guard i + 1 == sorted.count || next < pair.probability else { continue }
            let score = 2 * Double(right) / Double(i + 1 + all)
            let candidate = between(next, pair.probability)
            let isNearer = abs(candidate - standard) < abs(threshold - standard)
            if score > bestScore || score == bestScore && isNearer { (bestScore, threshold) = (score, candidate) }
        }
        return threshold
    }

    /// A threshold that is over `low` and at most `high`.
    private static func between(_ low: Float, _ high: Float) -> Float {
        if low < standard, standard <= high { return standard }
        let middle = low + (high - low) / 2
        return middle > low ? middle : high
    }
}
