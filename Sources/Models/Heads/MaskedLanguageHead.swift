import Numerics

/// What predicts a masked token: dense [hidden, hidden], the base's activation, norm, the word embeddings and a bias
/// (Devlin et al. 2019; transformers' BertLMPredictionHead). The embeddings are the base's own.
package enum MaskedLanguageHead {
    package static let scope = "mlm"
    /// The base's word embeddings, by the name under which heads ask for them.
    package static let words = "base/words"

    /// What of the base its layers have.
    package struct Layers: Equatable, Sendable {
        package var activation: ActivationKind
        /// Of the norm.
        package var epsilon: Float

        package init(activation: ActivationKind, epsilon: Float) {
            self.activation = activation
            self.epsilon = epsilon
        }

        package init(_ encoder: ModelConfiguration) {
            self.init(activation: encoder.activation, epsilon: encoder.epsilon)
        }
    }

    /// Trainable tensors: N(0, 0.02), zeros, and ones for the norm.
    /// - Parameter bias: how it starts.
    package static func specs(
        hidden: Int, vocabulary: Int, scope: String = scope, bias: Initializer = .zeros
    ) -> [ParameterSpec] {
        [
            ParameterSpec("\(scope)/dense.weight", [hidden, hidden], .normal(0.02)),
            ParameterSpec("\(scope)/dense.bias", [hidden], .zeros, decays: false),
            ParameterSpec("\(scope)/norm.weight", [hidden], .ones, decays: false),
            ParameterSpec("\(scope)/norm.bias", [hidden], .zeros, decays: false),
            ParameterSpec("\(scope)/bias", [vocabulary], bias, decays: false),
        ]
    }

    /// What stands before the product with the embeddings.
    /// - Parameter rows: hidden states of the marked tokens, [marked tokens, hidden]
    /// - Returns: [marked tokens, hidden]
    package static func transform(
        _ rows: Value, _ layers: Layers, operand: OperandTable, scope: String = scope, in builder: PlanBuilder
    ) throws -> Value {
        func tensor(_ name: String) throws -> Operand { try operand("\(scope)/\(name)") }
        var x = builder.append(
            Linear(rows, weight: try tensor("dense.weight"), bias: try tensor("dense.bias"), in: builder))
        x = builder.append(Activation(x, layers.activation, in: builder))
        return builder.append(
            LayerNorm(
                x, gamma: try tensor("norm.weight"), beta: try tensor("norm.bias"), epsilon: layers.epsilon,
                in: builder))
    }

    /// - Parameters:
    ///   - hidden: the last hidden states, [tokens, hidden].
    ///   - index: whose marks and targets in the batch count.
    ///   - table: the tokens that the softmax runs over.
    ///   - plugin: what acts before the output embeddings.
    /// - Returns: the raw loss of each marked token, [marked tokens, 1].
    package static func build(
        _ hidden: Value, head index: Int, _ table: MaskedCrossEntropy.TokenTable, _ encoder: ModelConfiguration,
        operand: OperandTable, plugin: any SitePlugin, in builder: PlanBuilder
    ) throws -> Value {
        let marked = builder.append(GatherMarked(hidden, head: index, in: builder))
        var x = try transform(marked, Layers(encoder), operand: operand, in: builder)
        x = try SiteContext(Site(.beforeOutputEmbeddings), x, in: builder).result(of: plugin)
        return builder.append(
            MaskedCrossEntropy(x, head: index, table, bias: try operand("\(scope)/bias"), in: builder))
    }
}
