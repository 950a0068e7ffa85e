import Foundation

/// Distributions at another temperature.
enum Softened {
    /// Probabilities at temperature T from those at 1: p^(1/T), made to sum to 1.
    static func probabilities(_ probabilities: some Collection<Float>, _ temperature: Double) -> [Float] {
        let powers = probabilities.map { pow(Double($0), 1 / temperature) }
        let sum = powers.reduce(0, +)
        return powers.map { Float($0 / sum) }
    }

    /// softmax(x / T)
    static func logits(_ logits: some Collection<Float>, _ temperature: Double) -> [Float] {
        let top = logits.max().map { Double($0) } ?? 0
        let powers = logits.map { exp((Double($0) - top) / temperature) }
        let sum = powers.reduce(0, +)
        return powers.map { Float($0 / sum) }
    }

    /// σ(x / T) from p = σ(x).
    static func decision(_ probability: Float, _ temperature: Double) -> Float {
        let p = Double(probability)
        // Of p^(1/T) and (1 − p)^(1/T), as of two classes; a p of exactly 0 or 1 stays
        let (yes, no) = (pow(p, 1 / temperature), pow(1 - p, 1 / temperature))
        return Float(yes / (yes + no))
    }
}
