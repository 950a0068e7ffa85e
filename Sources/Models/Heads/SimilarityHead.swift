import Files
import Numerics

/// How similar two texts are: the cosine of their pooled outputs (`PooledUnits`), mean squared error against the score
/// (Reimers & Gurevych 2019, section 3). The two texts are read by themselves, so that each needs one pass, whatever it is
/// compared with.
package struct SimilarityHead: Head {
    package static let kind = "similarity"

    private let pooled: PooledUnits
    package let textPrefix: String
    /// The scores that stand for the cosines 0 and 1.
    private let range: ClosedRange<Float>

    private init(_ pooled: PooledUnits, range: ClosedRange<Float>, textPrefix: String) {
        self.pooled = pooled
        self.range = range
        self.textPrefix = textPrefix
    }

    package init(_ request: HeadRequest) {
        self.init(
            PooledUnits(pooling: request.pooling, width: request.hidden), range: request.range,
            textPrefix: request.textPrefix)
    }

    package init(fields: HeadFields, labels: [String]) throws(HeadFault) {
        self.init(
            try PooledUnits(fields: fields, labels: labels), range: try fields.range("low", "high"),
            textPrefix: try fields.textPrefix())
    }

    package var input: HeadInput { .pooled(pooled.pooling) }
    package var output: HeadOutput { .similarity(range, width: pooled.width) }
    package var fields: [String: ConfigurationValue] {
        pooled.fields.merging([
            "text_prefix": .string(textPrefix), "low": .number(Double(range.lowerBound)),
            "high": .number(Double(range.upperBound)),
        ]) { $1 }
    }

    package func specs(hidden: Int, scope: String) -> [ParameterSpec] { [] }

    package func build(
        _ rows: Value, operand: OperandTable, scope: String, dropout: Float, in builder: PlanBuilder
    ) throws -> Value { pooled.build(rows, in: builder) }
}
