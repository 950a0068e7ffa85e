import Files
import Foundation
import Models
import Tasks

/// What one head is to predict for each example of a split, as indices and numbers.
package enum TargetColumn: Sendable {
    /// Running text without targets.
    case none
    /// Class of each example, −1 where it is missing. `unknown`: by index of the example, its label where the head does not
    /// know it; such an example is scored as wrong.
    case classes([Int32], unknown: [Int: String])
    /// [examples, width]; NaN where a number is missing.
    case numbers([Float], width: Int)
    case tags(WordTags)

    /// A tag for each word of each example.
    package struct WordTags: Sendable {
        /// First word of each example among all, [examples + 1].
        package var offsets = [0]
        /// −1 where the tag is missing or unknown.
        package var tags: [Int32] = []
        /// By the word's index among all: its tag where the head does not know it.
        package var unknown: [Int: String] = [:]
        /// Whether an example has tags at all.
        package var isLabeled: [Bool] = []

        package func words(_ i: Int) -> Range<Int> { offsets[i]..<offsets[i + 1] }
    }

    /// - Parameters:
    ///   - examples: with targets as the head's kind of task has them
    ///   - head: its input and output decide
    init(_ examples: [Example], for head: any Head) {
        switch (head.input, head.output) {
        case (.pooled, .classes):
            var unknown: [Int: String] = [:]
            for (i, example) in examples.enumerated() where example.label == nil { unknown[i] = example.unknownLabel }
            self = .classes(examples.map { Int32($0.label ?? -1) }, unknown: unknown)
        case (.marked, .classes):
            var column = WordTags()
            for example in examples {
                let words = Self.words(example)
                let own = example.tagged?.tags
                for place in words.indices {
                    if let unknown = example.tagged?.unknown[place] { column.unknown[column.tags.count] = unknown }
                    column.tags.append(Int32(own?[place] ?? -1))
                }
                column.isLabeled.append(own != nil)
                column.offsets.append(column.tags.count)
            }
            self = .tags(column)
        case (_, .numbers(let scales)):
            self = .numbers(
                examples.flatMap { example in
                    scales.indices.map { c in
                        (example.numbers.flatMap { $0.values.indices.contains(c) ? $0.values[c] : nil }).map {
                            Float($0)
                        }
                            ?? .nan
                    }
                }, width: scales.count)
        }
    }

    /// The words of an example: as the data has them, else the parts of its text between white space.
    static func words(_ example: Example) -> [String] {
        example.tagged?.tokens ?? example.text.split(whereSeparator: \.isWhitespace).map(String.init)
    }

    func hash(into digest: inout Digest.Incremental) {
        switch self {
        case .none: break
        case .classes(let classes, _): classes.withUnsafeBytes { digest.update($0) }
        case .numbers(let numbers, _): numbers.withUnsafeBytes { digest.update($0) }
        case .tags(let column):
            column.offsets.withUnsafeBytes { digest.update($0) }
            column.tags.withUnsafeBytes { digest.update($0) }
        }
    }

    /// n / (classes · count) for each class, as scikit-learn's "balanced"; nil where there are no classes.
    func balancedWeights(classes count: Int) -> [Float]? {
        let targets: [Int32]
        switch self {
        case .classes(let classes, _): targets = classes
        case .tags(let column): targets = column.tags
        default: return nil
        }
        var counts = [Int](repeating: 0, count: count)
        for target in targets where target >= 0 { counts[Int(target)] += 1 }
        let total = counts.reduce(0, +)
        return counts.map { $0 == 0 ? 0 : Float(total) / Float(count * $0) }
    }
}

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
