import Files
import Numerics

/// Any number of labels for a text: a single linear layer on the pooled output, binary cross-entropy. It reads and says what a
/// `MultiLabelHead` does; a linear probe fits it.
package struct LinearMultiLabelHead: LabelSetHead {
    package static let kind = "linear_multi_label"
    package static var linear: (any Head.Type)? { LinearMultiLabelHead.self }

    /// Its answers and what it reads.
    private let answers: MultiLabelHead

    private init(_ answers: MultiLabelHead) { self.answers = answers }

    package init(labels: [String], pooling: Pool.Kind, textPrefix: String = "", thresholds: [Float]? = nil) {
        answers = MultiLabelHead(labels: labels, pooling: pooling, textPrefix: textPrefix, thresholds: thresholds)
    }

    package init(_ request: HeadRequest) { answers = MultiLabelHead(request) }

    package init(fields: HeadFields, labels: [String]) throws(HeadFault) {
        answers = try MultiLabelHead(fields: fields, labels: labels)
    }

    package func with(thresholds: [Float]) -> LinearMultiLabelHead {
        LinearMultiLabelHead(answers.with(thresholds: thresholds))
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
