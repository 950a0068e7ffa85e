import Files
import Numerics

/// One of several choices of a question: two layers on the pooled output of each choice's sequence (`PooledLayers`) give one
/// logit, and the choices of a question compete by cross-entropy, as transformers' `BertForMultipleChoice`.
package struct MultipleChoiceHead: Head {
    package static let kind = "multiple_choice"
    package static var linear: (any Head.Type)? { LinearMultipleChoiceHead.self }

    private let pooling: Pool.Kind
    package let textPrefix: String
    private let layers = PooledLayers(width: 1)

    package init(pooling: Pool.Kind, textPrefix: String = "") {
        self.pooling = pooling
        self.textPrefix = textPrefix
    }

    package init(_ request: HeadRequest) { self.init(pooling: request.pooling, textPrefix: request.textPrefix) }

    package init(fields: HeadFields, labels: [String]) throws(HeadFault) {
        guard labels.isEmpty else {
            throw HeadFault(
                field: "labels", found: counted(labels.count, "label"), expected: "none for a head of choices")
        }
        self.init(pooling: try fields.pooling(), textPrefix: try fields.textPrefix())
    }

    package var input: HeadInput { .pooled(pooling) }
    package var output: HeadOutput { .choices }
    package var fields: [String: ConfigurationValue] {
        ["pooling": .string(pooling.rawValue), "text_prefix": .string(textPrefix)]
    }

    package func specs(hidden: Int, scope: String) -> [ParameterSpec] { layers.specs(hidden: hidden, scope: scope) }

    package func build(
        _ rows: Value, operand: OperandTable, scope: String, dropout: Float, in builder: PlanBuilder
    ) throws -> Value {
        try layers.build(rows, operand: operand, scope: scope, dropout: dropout, in: builder)
    }
}
