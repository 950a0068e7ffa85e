import Files
import Numerics

/// The token at each place that a batch marks: dense, the base's activation, norm and the product with the base's own word
/// embeddings, as `BertForMaskedLM` has it; softmax over the whole vocabulary (Devlin et al. 2019, section 3.1).
package struct MaskedTokenHead: Head {
    package static let kind = "masked_language"

    private let settings: TokenSettings
    private let layers: MaskedLanguageHead.Layers
    package let textPrefix: String
    /// How the bias of a new head starts.
    private let bias: Initializer

    private init(
        _ settings: TokenSettings, _ layers: MaskedLanguageHead.Layers, textPrefix: String, bias: Initializer = .zeros
    ) {
        self.settings = settings
        self.layers = layers
        self.textPrefix = textPrefix
        self.bias = bias
    }

    package init(_ request: HeadRequest) {
        guard let tokens = request.tokens else { preconditionFailure("a head for tokens without a vocabulary") }
        self.init(
            tokens.settings, tokens.layers, textPrefix: request.textPrefix, bias: .values(tokens.logFrequencies))
    }

    package init(fields: HeadFields, labels: [String]) throws(HeadFault) {
        guard labels.isEmpty else {
            throw HeadFault(
                field: "labels", found: counted(labels.count, "label"), expected: "none for a head that predicts tokens"
            )
        }
        let vocabulary = try fields.integer("vocabulary", in: 2...TopTokens.largestVocabulary)
        self.init(
            TokenSettings(
                vocabulary: vocabulary, mask: try fields.text("mask"),
                maskID: Int32(try fields.integer("mask_id", in: 0...vocabulary - 1))),
            MaskedLanguageHead.Layers(
                activation: try fields.choice("activation", ActivationKind.self),
                epsilon: try fields.number("epsilon", above: 0)),
            textPrefix: try fields.textPrefix())
    }

    /// The same head where a tokenizer is at hand.
    package func named(by names: TokenNames) -> MaskedTokenHead {
        var settings = settings
        settings.names = names
        return MaskedTokenHead(settings, layers, textPrefix: textPrefix, bias: bias)
    }

    package var input: HeadInput { .marked }
    package var output: HeadOutput { .tokens(settings) }
    package var fields: [String: ConfigurationValue] {
        [
            "text_prefix": .string(textPrefix), "vocabulary": .number(Double(settings.vocabulary)),
            "mask": .string(settings.mask), "mask_id": .number(Double(settings.maskID)),
            "activation": .string(layers.activation.rawValue), "epsilon": .number(Double(layers.epsilon)),
        ]
    }

    package func specs(hidden: Int, scope: String) -> [ParameterSpec] {
        MaskedLanguageHead.specs(hidden: hidden, vocabulary: settings.vocabulary, scope: scope, bias: bias)
    }

    package func build(
        _ rows: Value, operand: OperandTable, scope: String, dropout: Float, in builder: PlanBuilder
    ) throws -> Value {
        try predictions(try transformed(rows, operand, scope, builder), operand, scope, builder)
    }

    /// The predictions and the loss read the same rows.
    package func build(
        _ rows: Value, operand: OperandTable, scope: String, dropout: Float, head index: Int, settings: LossSettings,
        in builder: PlanBuilder
    ) throws -> (output: Value, rowLosses: Value) {
        let x = try transformed(rows, operand, scope, builder)
        let losses = MaskedCrossEntropy(
            x, head: index, try table(operand), bias: try operand("\(scope)/bias"), in: builder)
        return (try predictions(x, operand, scope, builder), builder.append(losses))
    }

    private func transformed(
        _ rows: Value, _ operand: OperandTable, _ scope: String, _ builder: PlanBuilder
    ) throws -> Value {
        try MaskedLanguageHead.transform(rows, layers, operand: operand, scope: scope, in: builder)
    }

    private func predictions(
        _ x: Value, _ operand: OperandTable, _ scope: String, _ builder: PlanBuilder
    ) throws -> Value {
        builder.append(
            TopTokens(
                x, try table(operand), bias: try operand("\(scope)/bias"), count: TokenSettings.predicted, in: builder))
    }

    private func table(_ operand: OperandTable) throws -> MaskedCrossEntropy.TokenTable {
        guard case .frozen(let words) = try operand(MaskedLanguageHead.words) else {
            preconditionFailure("the word embeddings of a head for tokens are trained")
        }
        return MaskedCrossEntropy.TokenTable(all: words)
    }
}

/// What a new head for tokens is made from.
package struct TokenRequest: Sendable {
    package var settings: TokenSettings
    package var layers: MaskedLanguageHead.Layers
    /// log of each token's share of the texts: where the bias starts.
    package var logFrequencies: [Float]

    package init(_ settings: TokenSettings, _ layers: MaskedLanguageHead.Layers, logFrequencies: [Float]) {
        self.settings = settings
        self.layers = layers
        self.logFrequencies = logFrequencies
    }
}
