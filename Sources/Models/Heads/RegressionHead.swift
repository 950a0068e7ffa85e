import Files
import Numerics

/// One or several numbers for a text: two layers on the pooled output (`PooledLayers`), mean squared error.
///
/// Numbers are learned with mean 0 and deviation 1, as the training texts have them (`NumberScale`), and given in the
/// data's units.
package struct RegressionHead: Head {
    package static let kind = "regression"
    package static var linear: (any Head.Type)? { LinearRegressionHead.self }

    private let scales: [NumberScale]
    private let pooling: Pool.Kind
    package let textPrefix: String

    package init(numbers: [NumberScale], pooling: Pool.Kind, textPrefix: String = "") {
        scales = numbers
        self.pooling = pooling
        self.textPrefix = textPrefix
    }

    package init(_ request: HeadRequest) {
        self.init(
            numbers: request.numbers.isEmpty ? [.identity] : request.numbers, pooling: request.pooling,
            textPrefix: request.textPrefix)
    }

    package init(fields: HeadFields, labels: [String]) throws(HeadFault) {
        guard labels.isEmpty else {
            throw HeadFault(
                field: "labels", found: counted(labels.count, "label"), expected: "none for a head of numbers")
        }
        self.init(
            numbers: try fields.numbers(), pooling: try fields.pooling(), textPrefix: try fields.textPrefix())
    }

    package var input: HeadInput { .pooled(pooling) }
    package var output: HeadOutput { .numbers(scales) }
    package var fields: [String: ConfigurationValue] {
        [
            "pooling": .string(pooling.rawValue), "text_prefix": .string(textPrefix),
            "means": .list(scales.map { .number(Double($0.mean)) }),
            "deviations": .list(scales.map { .number(Double($0.deviation)) }),
        ]
    }

    package func specs(hidden: Int, scope: String) -> [ParameterSpec] {
        PooledLayers(width: scales.count).specs(hidden: hidden, scope: scope)
    }

    package func build(
        _ rows: Value, operand: OperandTable, scope: String, dropout: Float, in builder: PlanBuilder
    ) throws -> Value {
        try PooledLayers(width: scales.count).build(
            rows, operand: operand, scope: scope, dropout: dropout, in: builder)
    }
}
