import Numerics

/// The small layers that heads over words are made of, with dropout before and after the hidden ones.
final class WordLayers {
    private let operand: OperandTable
    private let scope: String
    private let dropout: Float
    private let builder: PlanBuilder
    /// How many values are dropped so far: each has random numbers of its own.
    private var drops = 0

    init(operand: OperandTable, scope: String, dropout: Float, builder: PlanBuilder) {
        self.operand = operand
        self.scope = scope
        self.dropout = dropout
        self.builder = builder
    }

    /// Dropout(x); x itself where nothing is dropped.
    func drop(_ x: Value) -> Value {
        guard dropout > 0 else { return x }
        defer { drops += 1 }
        return builder.append(
            DropAdd(x, dropout: DropoutSite(site: "\(scope)/dropout/\(drops)", rate: dropout), in: builder))
    }

    /// W x + b with the tensors `name.weight` and `name.bias`.
    func linear(_ x: Value, _ name: String) throws -> Value {
        builder.append(
            Linear(
                x, weight: try operand("\(scope)/\(name).weight"), bias: try operand("\(scope)/\(name).bias"),
                in: builder))
    }

    /// Dropout(ReLU(W x + b)).
    func active(_ x: Value, _ name: String) throws -> Value {
        drop(builder.append(Activation(try linear(x, name), .relu, in: builder)))
    }
}
