import Models
import Numerics

/// What a head reads of encoded examples: one row for each, or one for each word.
package struct Features: Sendable {
    /// Columns of a row: the model's hidden size.
    package let width: Int
    /// [rows, width]: the rows of one example after those of another.
    package var values: [Float]
    /// First row of each example, [examples + 1].
    package let offsets: [Int]
    /// For words: the word of each row, within its example.
    package let words: [Int]

    package var rows: Int { values.count / width }
    package func rows(_ example: Int) -> Range<Int> { offsets[example]..<offsets[example + 1] }
    package func row(_ r: Int) -> ArraySlice<Float> { values[r * width..<(r + 1) * width] }
}

/// Runs a frozen network over examples, for what a head reads of them.
package final class FeatureExtractor {
    private let plan: Plan
    private let rows: Value
    private let output: Value?
    private let input: HeadInput
    private let workspace: Workspace

    /// - Parameters:
    ///   - input: of the head.
    ///   - name: of the head whose part of a router is used; nil: there is no router.
    ///   - output: index of a head of the arrangement whose output is wanted, too; it reads texts or words as `input` does.
    package init(
        _ network: Network, input: HeadInput, serving name: String? = nil, output: Int? = nil, workspace: Workspace
    ) throws {
        (plan, rows, self.output) = try network.features(input, serving: name, output: output)
        self.input = input
        self.workspace = workspace
    }

    /// The batches that examples are cut into.
    private func batches(_ examples: EncodedExamples) -> [[Int]] {
        // By length, so that no slice waits for one long text; rows go back to their places
        let order = (0..<examples.count).sorted { (examples.length($0), $0) < (examples.length($1), $1) }
        return examples.batches(order, policy: .tokens(Evaluator.batchTokens))
    }

    /// The number of batches that examples are cut into.
    package func count(_ examples: EncodedExamples) -> Int { batches(examples).count }

    /// - Parameter progress: called after each batch, with its tokens
    /// - Returns: the features, and the output of the head: [rows, its width], as the plan gives it
    package func run(
        _ examples: EncodedExamples, progress: (_ tokens: Int) throws -> Void = { _ in }
    ) rethrows -> (features: Features, output: [Float]) {
        let (offsets, words) = examples.rows(input)
        let count = offsets.last ?? 0
        var values = [Float](repeating: 0, count: count * rows.width)
        var outputs = [Float](repeating: 0, count: count * (output?.width ?? 0))
        let head = BatchHead(index: 0, column: 0, input: input)
        for indices in batches(examples) {
            let batch = examples.batch(indices, task: 0, heads: [head], predicts: true)
            let run = plan.run(batch, workspace: workspace)
            func copy(_ value: Value, to target: inout [Float]) {
                let (source, width) = (run.values(value), value.width)
                var next = 0
                for i in indices {
                    let range = offsets[i] * width..<offsets[i + 1] * width
                    target.replaceSubrange(range, with: source[next..<next + range.count])
                    next += range.count
                }
            }
            copy(rows, to: &values)
            if let output { copy(output, to: &outputs) }
            try progress(indices.reduce(0) { $0 + examples.length($1) })
        }
        return (Features(width: rows.width, values: values, offsets: offsets, words: words), outputs)
    }
}
