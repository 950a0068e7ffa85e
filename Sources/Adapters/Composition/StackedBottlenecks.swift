import Models
import Numerics

/// Frozen plain bottlenecks at a site as one wide network, so that none is projected up by itself.
struct StackedBottlenecks {
    struct Part {
        /// Index of the child.
        let child: Int
        let shape: Bottleneck
        let down: Operand
        let downBias: Operand
        let up: Operand
        let upBias: Operand
    }
    let parts: [Part]

    /// nil: a child is no single plain bottleneck, or is trained.
    init?(_ children: [ComposedChild], at spec: SiteSpec) throws {
        var parts: [Part] = []
        for (i, child) in children.enumerated() {
            guard let leaf = child.leaf, !ChildOutputs.update(of: child.outline, at: spec.site) else { return nil }
            guard let shape = leaf.method.bottleneck(at: spec) else { continue }
            guard shape.isPlain else { return nil }
            let (tensors, site) = (leaf.tensors, spec.site)
            let part = Part(
                child: i, shape: shape, down: try tensors(site, "down.weight"),
                downBias: try tensors(site, "down.bias"),
                up: try tensors(site, "up.weight"), upBias: try tensors(site, "up.bias"))
            guard [part.down, part.downBias, part.up, part.upBias].allSatisfy({ !$0.isTrainable }) else { return nil }
            parts.append(part)
        }
        self.parts = parts
    }

    var widths: [Int] { parts.map(\.shape.width) }
    /// Σ widths.
    var width: Int { widths.reduce(0, +) }

    /// All narrow activations side by side, [rows, Σ widths]: neighbors that read the same value with the same non-linearity
    /// share one wide product.
    func narrow(_ context: SiteContext) throws -> Value {
        var groups: [[Part]] = []
        for part in parts {
            if let shape = groups.last?.first?.shape, shape.source == part.shape.source,
                shape.activation == part.shape.activation
            {
                groups[groups.count - 1].append(part)
            } else {
                groups.append([part])
            }
        }
        let values = try groups.map { group in
            let width = group.reduce(0) { $0 + $1.shape.width }
            let input = try context.value(group[0].shape.source)
            let down = Weight(group.flatMap(\.down.values), shape: [width, input.width])
            let bias = Weight(group.flatMap(\.downBias.values), shape: [width])
            let sum = context.builder.append(
                Linear(input, weight: .frozen(down), bias: .frozen(bias), in: context.builder))
            return context.builder.append(Activation(sum, group[0].shape.activation, in: context.builder))
        }
        return values.count == 1 ? values[0] : context.builder.append(Concatenate(values, in: context.builder))
    }

    /// [output, Σ widths]: the scaled up matrices side by side.
    func ups(output: Int) -> Weight {
        Self.sideBySide(parts.map { ($0.up.values, $0.shape.width, $0.shape.scale) }, rows: output)
    }

    /// [output, N]: the scaled biases, a column for each part.
    func biases(output: Int) -> Weight {
        Self.sideBySide(parts.map { ($0.upBias.values, 1, $0.shape.scale) }, rows: output)
    }

    /// [output, Σ widths + N]: the ups, then the biases.
    func upsAndBiases(output: Int) -> Weight {
        Self.sideBySide(
            [(ups(output: output).values, width, 1), (biases(output: output).values, parts.count, 1)], rows: output)
    }

    /// Matrices of equal height, each times its scale, as one: [rows, Σ widths].
    static func sideBySide(_ matrices: [(values: [Float], width: Int, scale: Float)], rows: Int) -> Weight {
        let width = matrices.reduce(0) { $0 + $1.width }
        var values = [Float](repeating: 0, count: rows * width)
        var column = 0
        for matrix in matrices {
            for row in 0..<rows {
                for c in 0..<matrix.width {
                    values[row * width + column + c] = matrix.scale * matrix.values[row * matrix.width + c]
                }
            }
            column += matrix.width
        }
        return Weight(values, shape: [rows, width])
    }
}
