import Numerics

/// dropout, Linear [hidden, hidden], tanh, dropout, Linear [labels, hidden] on the pooled output: the `adapters`
/// library's classification head with two layers.
package struct ClassificationHead: Equatable, Sendable {
    package var labels: [String]
    package var pooling: Pool.Kind
    /// Texts are given to the tokenizer behind this prefix ("query: " for E5).
    package var textPrefix: String

    package init(labels: [String], pooling: Pool.Kind, textPrefix: String = "") {
        self.labels = labels
        self.pooling = pooling
        self.textPrefix = textPrefix
    }

    /// Trainable tensors under `scope` ("head"): N(0, 0.02) and zeros, as transformers initialises what it adds.
    package func specs(hidden: Int, scope: String) -> [ParameterSpec] {
        [
            ParameterSpec("\(scope)/dense.weight", [hidden, hidden], .normal(0.02)),
            ParameterSpec("\(scope)/dense.bias", [hidden], .zeros, decays: false),
            ParameterSpec("\(scope)/out.weight", [labels.count, hidden], .normal(0.02)),
            ParameterSpec("\(scope)/out.bias", [labels.count], .zeros, decays: false),
        ]
    }

    /// - Parameters:
    ///   - pooled: [sequences, hidden]
    ///   - dropout: probability in 0..<1
    /// - Returns: logits [sequences, labels]
    package func build(
        _ pooled: Value, operand: OperandTable, scope: String, dropout: Float, in builder: PlanBuilder
    ) throws -> Value {
        var x = pooled
        func drop(_ i: Int) {
            guard dropout > 0 else { return }
            x = builder.append(
                DropAdd(x, dropout: DropoutSite(site: "\(scope)/dropout/\(i)", rate: dropout), in: builder))
        }
        drop(0)
        x = builder.append(
            Linear(
                x, weight: try operand("\(scope)/dense.weight"), bias: try operand("\(scope)/dense.bias"), in: builder))
        x = builder.append(Activation(x, .tanh, in: builder))
        drop(1)
        return builder.append(
            Linear(x, weight: try operand("\(scope)/out.weight"), bias: try operand("\(scope)/out.bias"), in: builder))
    }
}
