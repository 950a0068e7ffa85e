import Files
import Numerics

/// One of several labels for a text: a single linear layer on the pooled output, cross-entropy. It reads and says what a
/// `ClassificationHead` does; a linear probe fits it.
package struct LinearClassificationHead: Head {
    package static let kind = "linear_classification"
    package static var linear: (any Head.Type)? { LinearClassificationHead.self }

    /// Its answers and what it reads.
    private let answers: ClassificationHead

    package init(labels: [String], pooling: Pool.Kind, textPrefix: String = "") {
        answers = ClassificationHead(labels: labels, pooling: pooling, textPrefix: textPrefix)
    }

    package init(_ request: HeadRequest) { answers = ClassificationHead(request) }

    package init(fields: HeadFields, labels: [String]) throws(HeadFault) {
        answers = try ClassificationHead(fields: fields, labels: labels)
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
