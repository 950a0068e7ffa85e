import Files
import Numerics

/// A label for each word: dropout and Linear [labels, hidden] on the tokens that stand for words, cross-entropy (Devlin et
/// al. 2019, section 5.3; transformers' heads for token classification).
package struct TaggingHead: Head {
    package static let kind = "tagging"

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

    /// N(0, 0.02) and zeros.
    package func specs(hidden: Int, scope: String) -> [ParameterSpec] {
        [
            ParameterSpec("\(scope)/out.weight", [names.count, hidden], .normal(0.02)),
            ParameterSpec("\(scope)/out.bias", [names.count], .zeros, decays: false),
        ]
    }

    package func build(
        _ rows: Value, operand: OperandTable, scope: String, dropout: Float, in builder: PlanBuilder
    ) throws -> Value {
        var x = rows
        if dropout > 0 {
            x = builder.append(
                DropAdd(x, dropout: DropoutSite(site: "\(scope)/dropout/0", rate: dropout), in: builder))
        }
        return builder.append(
            Linear(x, weight: try operand("\(scope)/out.weight"), bias: try operand("\(scope)/out.bias"), in: builder))
    }
}
