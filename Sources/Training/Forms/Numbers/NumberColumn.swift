import Files
import Models
import Numerics
import Tasks

/// One or several numbers for each example.
package struct NumberColumn: TargetColumn {
    /// [examples, width]; NaN where a number is missing.
    package let values: [Float]
    package let width: Int

    package init(_ values: [Float], width: Int) {
        self.values = values
        self.width = width
    }

    init(_ examples: [Example], width: Int) {
        self.init(
            examples.flatMap { example in
                (0..<width).map { c in
                    let own = example.numbers?.values ?? []
                    return (own.indices.contains(c) ? own[c] : nil).map { Float($0) } ?? .nan
                }
            }, width: width)
    }

    private var count: Int { width > 0 ? values.count / width : 0 }
    private func row(_ i: Int) -> ArraySlice<Float> { values[i * width..<(i + 1) * width] }
    private func isPresent(_ i: Int) -> Bool { row(i).contains { !$0.isNaN } }

    package func targets(
        _ indices: [Int], of examples: EncodedExamples, as head: BatchHead, loss: LossTargets, longest: Int,
        predicts: Bool
    ) -> HeadTargets? {
        HeadTargets(.numbers(indices.flatMap(row), width: width), weights: loss.weights(ofRows: indices))
    }

    package func answers(_ results: HeadResults) -> HeadAnswers {
        let scored = (0..<count).filter(isPresent)
        return HeadAnswers(
            NumberAnswers(
                predicted: scored.map { results.row($0).map { Double($0) } },
                gold: scored.map { row($0).map { $0.isNaN ? nil : Double($0) } }), scored: scored)
    }

    package var strata: [Int?] { (0..<count).map { isPresent($0) ? 0 : nil } }

    package func hash(into digest: inout Digest.Incremental) { values.withUnsafeBytes { digest.update($0) } }
}
