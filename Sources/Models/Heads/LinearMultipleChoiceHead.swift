import Files
import Numerics

/// One of several choices of a question: a single linear layer on the pooled output of each choice's sequence, cross-entropy over
/// the choices. It reads and says what a `MultipleChoiceHead` does; a linear probe fits it.
package struct LinearMultipleChoiceHead: Head {
    package static let kind = "linear_multiple_choice"
    package static var linear: (any Head.Type)? { LinearMultipleChoiceHead.self }

    /// Its answers and what it reads.
    private let answers: MultipleChoiceHead
    private let layer = LinearLayer(width: 1)

    package init(pooling: Pool.Kind, textPrefix: String = "") {
        answers = MultipleChoiceHead(pooling: pooling, textPrefix: textPrefix)
    }

    package init(_ request: HeadRequest) { answers = MultipleChoiceHead(request) }

    package init(fields: HeadFields, labels: [String]) throws(HeadFault) {
        answers = try MultipleChoiceHead(fields: fields, labels: labels)
    }

    package var input: HeadInput { answers.input }
    package var output: HeadOutput { answers.output }
    package var textPrefix: String { answers.textPrefix }
    package var fields: [String: ConfigurationValue] { answers.fields }

    package func specs(hidden: Int, scope: String) -> [ParameterSpec] { layer.specs(hidden: hidden, scope: scope) }

    package func build(
        _ rows: Value, operand: OperandTable, scope: String, dropout: Float, in builder: PlanBuilder
    ) throws -> Value {
        try layer.build(rows, operand: operand, scope: scope, dropout: dropout, in: builder)
    }
}
