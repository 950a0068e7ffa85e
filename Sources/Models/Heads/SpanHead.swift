import Files
import Numerics

/// The first and the last token of an answer: one layer of two logits on every token (`LinearLayer`), the mean of two
/// cross-entropies over a window's tokens (`SpanCrossEntropy`), as transformers' heads for question answering (Devlin et al.
/// 2019, section 4.2).
///
/// A window that does not hold the answer, and a question without one, have the window's first token as their answer.
package struct SpanHead: Head {
    package static let kind = "span"
    package let textPrefix: String
    package let settings: SpanSettings

    package init(settings: SpanSettings, textPrefix: String = "") {
        self.settings = settings
        self.textPrefix = textPrefix
    }

    package init(_ request: HeadRequest) {
        self.init(
            settings: SpanSettings(request.answers, hasUnanswerable: request.hasUnanswerable),
            textPrefix: request.textPrefix)
    }

    package init(fields: HeadFields, labels: [String]) throws(HeadFault) {
        self.init(
            settings: SpanSettings(
                AnswerSettings(
                    docStride: try fields.integer("stride", in: AnswerSettings.docStrides),
                    nBestSize: try fields.optionalInteger("n_best_size", in: AnswerSettings.nBestSizes),
                    maxAnswerLength: try fields.optionalInteger(
                        "max_answer_length", in: AnswerSettings.maxAnswerLengths)),
                hasUnanswerable: try fields.flag("no_answer"), threshold: try fields.optionalNumber("threshold")),
            textPrefix: try fields.textPrefix())
    }

    /// The same head where it reads and answers in another way.
    /// - Parameter answers: what is nil stays as it is
    package func with(_ answers: AnswerSettings) -> SpanHead {
        var settings = settings
        settings.stride = answers.docStride ?? settings.stride
        settings.count = answers.nBestSize ?? settings.count
        settings.longest = answers.maxAnswerLength ?? settings.longest
        return SpanHead(settings: settings, textPrefix: textPrefix)
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
        // Bundles from before these fields keep their bytes
        if settings.count != AnswerSettings.standard.count {
            fields["n_best_size"] = .number(Double(settings.count))
        }
        if settings.longest != AnswerSettings.standard.longest {
            fields["max_answer_length"] = .number(Double(settings.longest))
        }
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
    /// Candidates that are kept, and start and end logits of a window that are paired.
    package var count: Int
    /// Tokens of an answer at most.
    package var longest: Int
    /// Whether the head was trained on questions without an answer, so that it may say that there is none.
    package var hasUnanswerable: Bool
    /// Of the score of no answer less that of the best answer: above it there is no answer. nil: nothing was chosen on dev, and
    /// 0 counts.
    package var threshold: Float?

    package init(_ answers: AnswerSettings = AnswerSettings(), hasUnanswerable: Bool, threshold: Float? = nil) {
        stride = answers.docStride ?? AnswerSettings.standard.stride
        count = answers.nBestSize ?? AnswerSettings.standard.count
        longest = answers.maxAnswerLength ?? AnswerSettings.standard.longest
        self.hasUnanswerable = hasUnanswerable
        self.threshold = threshold
    }
}

/// What a user may set of answers, under the names of transformers' script for question answering (`run_qa`); nil: what the head
/// has, or of a new one the script's default.
package struct AnswerSettings: Equatable, Sendable {
    /// Tokens of the context that neighboring windows share; half of a window at most counts.
    package var docStride: Int?
    /// Candidates that are kept, and start and end logits of a window that are paired.
    package var nBestSize: Int?
    /// Tokens of an answer at most.
    package var maxAnswerLength: Int?

    package static let docStrides = 0...65_536
    package static let nBestSizes = 1...1000
    package static let maxAnswerLengths = 1...65_536
    /// The script's defaults.
    static let standard = (stride: 128, count: 20, longest: 30)

    package init(docStride: Int? = nil, nBestSize: Int? = nil, maxAnswerLength: Int? = nil) {
        self.docStride = docStride
        self.nBestSize = nBestSize
        self.maxAnswerLength = maxAnswerLength
    }
}
