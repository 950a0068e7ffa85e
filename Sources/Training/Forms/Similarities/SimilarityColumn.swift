import Files
import Models
import Numerics
import Tasks

/// One number for each pair of texts.
package struct SimilarityColumn: TargetColumn {
    /// NaN where it is missing.
    private let values: [Float]
    private let range: ClosedRange<Float>

    init(_ examples: [Example], range: ClosedRange<Float>) {
        values = examples.map { $0.numbers?.values.first?.flatMap { Float($0) } ?? .nan }
        self.range = range
    }

    /// The number that stands for the cosine of an example's two rows.
    static func score(_ results: HeadResults, _ i: Int, range: ClosedRange<Float>) -> Float {
        let rows = results.rows(i)
        let cosine = zip(results.row(rows.lowerBound), results.row(rows.upperBound - 1)).reduce(0.0) {
            $0 + Double($1.0) * Double($1.1)
        }
        return range.lowerBound + Float(cosine) * (range.upperBound - range.lowerBound)
    }

    package func targets(
        _ indices: [Int], of examples: EncodedExamples, as head: BatchHead, loss: LossTargets, longest: Int,
        predicts: Bool
    ) -> HeadTargets? {
        HeadTargets(
            .numbers(indices.flatMap { [values[$0], .nan] }, width: 1),
            weights: loss.weights(ofRows: indices.flatMap { [$0, $0] }))
    }

    package func answers(_ results: HeadResults) -> HeadAnswers {
        let scored = values.indices.filter { !values[$0].isNaN }
        return HeadAnswers(
            NumberAnswers(
                predicted: scored.map { [Double(Self.score(results, $0, range: range))] },
                gold: scored.map { [Double(values[$0])] }), scored: scored)
    }

    package var strata: [Int?] { values.map { $0.isNaN ? nil : 0 } }

    package func hash(into digest: inout Digest.Incremental) { values.withUnsafeBytes { digest.update($0) } }
}
