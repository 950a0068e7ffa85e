import Models
import Tasks

extension NumberScale {
    /// Mean and deviation of each number of the examples; a number that never changes has deviation 1.
    static func fitting(_ examples: [Example]) -> [NumberScale] {
        let width = examples.lazy.compactMap { $0.numbers?.values.count }.first ?? 0
        return (0..<width).map { c in
            let values = examples.compactMap {
                $0.numbers.flatMap { $0.values.indices.contains(c) ? $0.values[c] : nil }
            }
            guard !values.isEmpty else { return .identity }
            let mean = values.reduce(0, +) / Double(values.count)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
            let deviation = Float(variance.squareRoot())
            return NumberScale(mean: Float(mean), deviation: deviation > 0 && deviation.isFinite ? deviation : 1)
        }
    }
}
