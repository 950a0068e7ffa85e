import Numerics

/// What tells a masked piece: dense [hidden, hidden], the base's activation, norm, the word embeddings and a bias
/// (Devlin et al. 2019; transformers' BertLMPredictionHead). The embeddings are the base's own.
package enum MaskedLanguageHead {
    package static let scope = "mlm"

    /// Trainable tensors: N(0, 0.02), zeros, and ones for the norm.
    /// - Parameter bias: how it starts.
    package static func specs(hidden: Int, vocabulary: Int, bias: Initializer = .zeros) -> [ParameterSpec] {
        [
            ParameterSpec("\(scope)/dense.weight", [hidden, hidden], .normal(0.02)),
            ParameterSpec("\(scope)/dense.bias", [hidden], .zeros, decays: false),
            ParameterSpec("\(scope)/norm.weight", [hidden], .ones, decays: false),
            ParameterSpec("\(scope)/norm.bias", [hidden], .zeros, decays: false),
            ParameterSpec("\(scope)/bias", [vocabulary], bias, decays: false),
        ]
    }

    /// - Parameters:
    ///   - hidden: the last hidden states, [tokens, hidden].
    ///   - table: the pieces that the softmax runs over.
    ///   - plugin: what acts before the output embeddings.
    /// - Returns: the loss, [tokens, 1]; its sum is the batch's mean.
    package static func build(
        _ hidden: Value, _ table: MaskedCrossEntropy.PieceTable, _ encoder: ModelConfiguration,
        operand: OperandTable, plugin: any SitePlugin, in builder: PlanBuilder
    ) throws -> Value {
        func tensor(_ name: String) throws -> Operand { try operand("\(scope)/\(name)") }
        var x = builder.append(
            Linear(hidden, weight: try tensor("dense.weight"), bias: try tensor("dense.bias"), in: builder))
        x = builder.append(Activation(x, encoder.activation, in: builder))
        x = builder.append(
            LayerNorm(
                x, gamma: try tensor("norm.weight"), beta: try tensor("norm.bias"), epsilon: encoder.epsilon,
                in: builder))
        x = try SiteContext(Site(.beforeOutputEmbeddings), x, in: builder).result(of: plugin)
        return builder.append(MaskedCrossEntropy(x, table, bias: try tensor("bias"), in: builder))
    }
}
