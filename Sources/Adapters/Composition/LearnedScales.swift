import Models
import Numerics

/// Numbers that a block's children are multiplied with at a site, in a plan: they learn, and dropout acts on them once a step.
struct LearnedScales {
    /// [width, N], or [1, N] for one number a child.
    let scales: Operand
    /// Of dropout and of what is derived: unique for the block and the site.
    let name: String
    var dropout: Float = 0

    private var isUniform: Bool { scales.shape[0] == 1 }

    static func ones(_ rows: Int, _ columns: Int) -> Weight {
        Weight([Float](repeating: 1, count: rows * columns), shape: [rows, columns])
    }

    /// After dropout, a row for each of the scales'.
    private func dropped(in inner: PlanBuilder) -> Value {
        let whole = inner.append(WeightRows(scales, in: inner))
        guard dropout > 0 else { return whole }
        return inner.append(DropAdd(whole, dropout: DropoutSite(site: name, rate: dropout), in: inner))
    }

    /// A matrix whose blocks of columns belong to children, each times its child's scales; and the weighted sum of their biases.
    /// - Parameters:
    ///   - ups: [width, Σ widths]
    ///   - biases: [width, blocks]
    ///   - blocks: from the left: the child and its number of columns
    /// - Returns: [width, Σ widths] and [width]
    func weighted(
        ups: Weight, biases: Weight, blocks: [(column: Int, width: Int)], in builder: PlanBuilder
    ) -> (up: Operand, bias: Operand) {
        let width = ups.shape[0]
        let derived = builder.derive(name, rows: width) { inner in
            let factors = dropped(in: inner)
            let parts = inner.append(
                ScaledBlocks(factors, times: biases, blocks: blocks.map { ($0.column, 1) }, in: inner))
            return [
                inner.append(ScaledBlocks(factors, times: ups, blocks: blocks, in: inner)),
                inner.append(Linear(parts, weight: .frozen(Self.ones(1, blocks.count)), bias: nil, in: inner)),
            ]
        }
        return (derived[0], derived[1].reshaped([width]))
    }

    /// For one number a child: narrow activations side by side, each times its child's number; and the weighted sum of biases.
    /// - Parameter biases: [width, blocks]; nil: there are none
    /// - Returns: [rows, Σ widths] and [width]
    func weighted(
        _ narrow: Value, biases: Weight?, blocks: [(column: Int, width: Int)], in builder: PlanBuilder
    ) -> (narrow: Value, bias: Operand?) {
        let derived = builder.derive(name, rows: 1) { inner in
            let factors = dropped(in: inner)
            func repeated(_ blocks: [(column: Int, width: Int)]) -> Value {
                let ones = Self.ones(1, blocks.reduce(0) { $0 + $1.width })
                return inner.append(ScaledBlocks(factors, times: ones, blocks: blocks, in: inner))
            }
            let columns = repeated(blocks)
            guard let biases else { return [columns] }
            return [
                columns,
                inner.append(
                    Linear(
                        repeated(blocks.map { ($0.column, 1) }), weight: .frozen(biases), bias: nil, in: inner)),
            ]
        }
        let scaled = builder.append(MultiplyRows(narrow, by: derived[0].reshaped([narrow.width]), in: builder))
        return (scaled, biases.map { derived[1].reshaped([$0.shape[0]]) })
    }

    /// Σ ωₙ ⊙ uₙ for outputs that have no narrow form, such as those of stacks, and for adapters that are trained.
    /// - Parameter outputs: at least one, [rows, width] each
    func sum(of outputs: [(child: Int, value: Value)], in builder: PlanBuilder) -> Value {
        let width = outputs[0].value.width
        let factors = builder.derive(name, rows: isUniform ? 1 : width) { inner in
            let all = dropped(in: inner)
            return outputs.map { child, _ in
                let own = inner.append(Columns(all, child..<child + 1, in: inner))
                return isUniform
                    ? inner.append(Linear(own, weight: .frozen(Self.ones(width, 1)), bias: nil, in: inner)) : own
            }
        }
        let scaled = zip(outputs, factors).map { output, factor in
            builder.append(MultiplyRows(output.value, by: factor.reshaped([width]), in: builder))
        }
        guard scaled.count > 1 else { return scaled[0] }
        return builder.append(
            WeightedSum(scaled, weights: [Float](repeating: 1, count: scaled.count), in: builder))
    }
}
