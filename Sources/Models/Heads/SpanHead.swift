import Files
import Numerics

/// The first and the last token of an answer: one layer of two logits on every token (`LinearLayer`), the mean of two
/// cross-entropies over a window's tokens (`SpanCrossEntropy`), as transformers' heads for question answering (Devlin et al.
/// 2019, section 4.2).
///
/// A window that does not hold the answer, and a question without one, have the window's first token as their answer.
package struct SpanHead: Head {
    package static let kind = "span"
    /// Tokens that neighboring windows share, as `doc_stride` of transformers' scripts.
    package static let standardStride = 128

    package let textPrefix: String
    package let settings: SpanSettings

    package init(settings: SpanSettings, textPrefix: String = "") {
        self.settings = settings
        self.textPrefix = textPrefix
    }

    package init(_ request: HeadRequest) {
        self.init(
            settings: SpanSettings(stride: Self.standardStride, hasUnanswerable: request.hasUnanswerable),
            textPrefix: request.textPrefix)
    }

    package init(fields: HeadFields, labels: [String]) throws(HeadFault) {
        self.init(
            settings: SpanSettings(
                stride: try fields.integer("stride", in: 0...65_536), hasUnanswerable: try fields.flag("no_answer"),
                threshold: try fields.optionalNumber("threshold")), textPrefix: try fields.textPrefix())
    }

    /// The same head with a threshold.
    package func with(threshold: Float) -> SpanHead {
        var settings = settings
        settings.threshold = threshold
        return SpanHead(settings: settings, textPrefix: textPrefix)
    }

    package var input: HeadInput { .tokens }
    package var output: HeadOutput { .spans(settings) }
    package var fields: [String: ConfigurationValue] {
        var fields: [String: ConfigurationValue] = [
            "text_prefix": .string(textPrefix), "stride": .number(Double(settings.stride)),
            "no_answer": .bool(settings.hasUnanswerable),
        ]
        fields["threshold"] = settings.threshold.map { .number(Double($0)) }
        return fields
    }

    package func specs(hidden: Int, scope: String) -> [ParameterSpec] {
        LinearLayer(width: 2).specs(hidden: hidden, scope: scope)
    }

    /// Without dropout, as in transformers.
    package func build(
        _ rows: Value, operand: OperandTable, scope: String, dropout: Float, in builder: PlanBuilder
    ) throws -> Value {
        try LinearLayer(width: 2).build(rows, operand: operand, scope: scope, dropout: 0, in: builder)
    }
}

/// How a question is read and answered.
package struct SpanSettings: Equatable, Sendable {
    /// Tokens of the context that neighboring windows share.
    package var stride: Int
    /// Whether the head was trained on questions without an answer, so that it may say that there is none.
    package var hasUnanswerable: Bool
    /// Of the score of no answer less that of the best answer: above it there is no answer. nil: nothing was chosen on dev, and
    /// 0 counts.
    package var threshold: Float?

    package init(stride: Int, hasUnanswerable: Bool, threshold: Float? = nil) {
        self.stride = stride
        self.hasUnanswerable = hasUnanswerable
        self.threshold = threshold
    }
}
