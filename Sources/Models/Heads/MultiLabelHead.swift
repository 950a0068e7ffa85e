import Files
import Numerics

/// A head of label sets, whose thresholds are chosen after a training.
package protocol LabelSetHead: Head {
    /// The same head with other thresholds.
    /// - Parameter thresholds: of each label, in 0...1
    func with(thresholds: [Float]) -> Self
}

/// Any number of labels for a text: two layers on the pooled output (`PooledLayers`), and for each label a decision of its own
/// by binary cross-entropy, as transformers' `multi_label_classification`.
///
/// A label is given if its probability reaches its threshold: 0.5, or what was chosen on dev after the training.
package struct MultiLabelHead: LabelSetHead {
    package static let kind = "multi_label"
    package static var linear: (any Head.Type)? { LinearMultiLabelHead.self }
    /// Of a head for which nothing was chosen.
    package static let standardThreshold: Float = 0.5

    private let names: [String]
    private let pooling: Pool.Kind
    package let textPrefix: String
    /// Of each label, in 0...1.
    private let thresholds: [Float]

    /// - Parameter thresholds: of each label, in 0...1; nil: 0.5 for all.
    package init(labels: [String], pooling: Pool.Kind, textPrefix: String = "", thresholds: [Float]? = nil) {
        names = labels
        self.pooling = pooling
        self.textPrefix = textPrefix
        self.thresholds = thresholds ?? labels.map { _ in Self.standardThreshold }
    }

    package init(_ request: HeadRequest) {
        self.init(labels: request.labels, pooling: request.pooling, textPrefix: request.textPrefix)
    }

    package init(fields: HeadFields, labels: [String]) throws(HeadFault) {
        let labels = try HeadFields.require(labels)
        self.init(
            labels: labels, pooling: try fields.pooling(), textPrefix: try fields.textPrefix(),
            thresholds: try fields.thresholds(labels.count))
    }

    package func with(thresholds: [Float]) -> MultiLabelHead {
        MultiLabelHead(labels: names, pooling: pooling, textPrefix: textPrefix, thresholds: thresholds)
    }

    package var input: HeadInput { .pooled(pooling) }
    package var output: HeadOutput { .labelSets(names, thresholds: thresholds) }
    package var fields: [String: ConfigurationValue] {
        [
            "pooling": .string(pooling.rawValue), "text_prefix": .string(textPrefix),
            "thresholds": .list(thresholds.map { .number(Double($0)) }),
        ]
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
