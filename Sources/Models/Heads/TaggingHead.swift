import Files
import Numerics

/// A label for each word: one layer on the tokens that stand for words (`LinearLayer`), cross-entropy (Devlin et al. 2019,
/// section 5.3; transformers' heads for token classification).
package struct TaggingHead: Head {
    package static let kind = "tagging"
    package static var linear: (any Head.Type)? { TaggingHead.self }

    private let names: [String]
    package let textPrefix: String

    package init(labels: [String], textPrefix: String = "") {
        names = labels
        self.textPrefix = textPrefix
    }

    package init(_ request: HeadRequest) { self.init(labels: request.labels, textPrefix: request.textPrefix) }

    package init(fields: HeadFields, labels: [String]) throws(HeadFault) {
        self.init(labels: try HeadFields.require(labels), textPrefix: try fields.textPrefix())
    }

    package var input: HeadInput { .marked }
    package var output: HeadOutput { .classes(names) }
    package var fields: [String: ConfigurationValue] { ["text_prefix": .string(textPrefix)] }

    package func specs(hidden: Int, scope: String) -> [ParameterSpec] {
        LinearLayer(width: names.count).specs(hidden: hidden, scope: scope)
    }

    package func build(
        _ rows: Value, operand: OperandTable, scope: String, dropout: Float, in builder: PlanBuilder
    ) throws -> Value {
        try LinearLayer(width: names.count).build(rows, operand: operand, scope: scope, dropout: dropout, in: builder)
    }
}
