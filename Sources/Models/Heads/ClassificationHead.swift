import Files
import Numerics

/// One of several labels for a text: two layers on the pooled output (`PooledLayers`), cross-entropy.
package struct ClassificationHead: Head {
    package static let kind = "classification"
    package static var linear: (any Head.Type)? { LinearClassificationHead.self }

    private let names: [String]
    private let pooling: Pool.Kind
    package let textPrefix: String

    package init(labels: [String], pooling: Pool.Kind, textPrefix: String = "") {
        names = labels
        self.pooling = pooling
        self.textPrefix = textPrefix
    }

    package init(_ request: HeadRequest) {
        self.init(labels: request.labels, pooling: request.pooling, textPrefix: request.textPrefix)
    }

    package init(fields: HeadFields, labels: [String]) throws(HeadFault) {
        self.init(
            labels: try HeadFields.require(labels), pooling: try fields.pooling(), textPrefix: try fields.textPrefix())
    }

    package var input: HeadInput { .pooled(pooling) }
    package var output: HeadOutput { .classes(names) }
    package var fields: [String: ConfigurationValue] {
        ["pooling": .string(pooling.rawValue), "text_prefix": .string(textPrefix)]
    }

    package func specs(hidden: Int, scope: String) -> [ParameterSpec] {
        PooledLayers(width: names.count).specs(hidden: hidden, scope: scope)
    }

    package func build(
        _ rows: Value, operand: OperandTable, scope: String, dropout: Float, in builder: PlanBuilder
    ) throws -> Value {
        try PooledLayers(width: names.count).build(rows, operand: operand, scope: scope, dropout: dropout, in: builder)
    }
}
