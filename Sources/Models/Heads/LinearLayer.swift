import Numerics

/// dropout, Linear [width, hidden] on a row: a head without a hidden layer.
struct LinearLayer {
    let width: Int

    /// N(0, 0.02) and zeros, as transformers initializes what it adds.
    func specs(hidden: Int, scope: String) -> [ParameterSpec] {
        [
            ParameterSpec("\(scope)/out.weight", [width, hidden], .normal(0.02)),
            ParameterSpec("\(scope)/out.bias", [width], .zeros, decays: false),
        ]
    }

    /// - Returns: [rows, width]
    func build(
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
