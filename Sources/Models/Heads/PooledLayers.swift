import Numerics

/// dropout, Linear [hidden, hidden], tanh, dropout, Linear [width, hidden] on a pooled row: the `adapters` library's head
/// with two layers, and BERT's pooler with a classifier in transformers.
struct PooledLayers {
    let width: Int

    /// N(0, 0.02) and zeros, as transformers initializes what it adds.
    func specs(hidden: Int, scope: String) -> [ParameterSpec] {
        [
            ParameterSpec("\(scope)/dense.weight", [hidden, hidden], .normal(0.02)),
            ParameterSpec("\(scope)/dense.bias", [hidden], .zeros, decays: false),
            ParameterSpec("\(scope)/out.weight", [width, hidden], .normal(0.02)),
            ParameterSpec("\(scope)/out.bias", [width], .zeros, decays: false),
        ]
    }

    /// - Returns: [rows, width]
    func build(
        _ rows: Value, operand: OperandTable, scope: String, dropout: Float, in builder: PlanBuilder
    ) throws -> Value {
        var x = rows
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
