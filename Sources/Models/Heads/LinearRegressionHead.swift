import Files
import Numerics

/// One or several numbers for a text: a single linear layer on the pooled output, mean squared error. It reads and says what
/// a `RegressionHead` does; a linear probe fits it.
package struct LinearRegressionHead: Head {
    package static let kind = "linear_regression"
    package static var linear: (any Head.Type)? { LinearRegressionHead.self }

    /// Its answers and what it reads.
    private let answers: RegressionHead

    package init(numbers: [NumberScale], pooling: Pool.Kind, textPrefix: String = "") {
        answers = RegressionHead(numbers: numbers, pooling: pooling, textPrefix: textPrefix)
    }

    package init(_ request: HeadRequest) { answers = RegressionHead(request) }

    package init(fields: HeadFields, labels: [String]) throws(HeadFault) {
        answers = try RegressionHead(fields: fields, labels: labels)
    }

    package var input: HeadInput { answers.input }
    package var output: HeadOutput { answers.output }
    package var textPrefix: String { answers.textPrefix }
    package var fields: [String: ConfigurationValue] { answers.fields }

    package func specs(hidden: Int, scope: String) -> [ParameterSpec] {
        LinearLayer(width: output.width).specs(hidden: hidden, scope: scope)
    }

    package func build(
        _ rows: Value, operand: OperandTable, scope: String, dropout: Float, in builder: PlanBuilder
    ) throws -> Value {
        try LinearLayer(width: output.width).build(rows, operand: operand, scope: scope, dropout: dropout, in: builder)
    }
}
