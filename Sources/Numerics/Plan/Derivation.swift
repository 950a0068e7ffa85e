/// Tensors that operations compute from weights: a reparametrized prefix, or the sum of a weight and its update.
///
/// The operations run once per step over a fixed number of rows, before the plan that multiplies with the results
/// (prologue). Once per step, after that plan, the results' gradients are pulled back into the parameters (epilogue).
/// `PlanBuilder.derive` creates one.
package final class Derivation {
    struct Result {
        let value: Value
        /// [rows, width]
        let tensor: Parameter
        /// Output of the operation that hands the tensor's gradient to the value.
        let pullBack: Value
    }

    /// Holds the operations.
    let builder: PlanBuilder
    private(set) var results: [Result] = []
    /// One sequence of one token for each row.
    let batch: PackedBatch
    private let values: AlignedBuffer
    private let gradients: AlignedBuffer

    /// - Parameter results: the values that become tensors. Each depends on a trainable tensor.
    init(_ name: String, rows: Int, _ results: [Value], in builder: PlanBuilder) {
        self.builder = builder
        batch = Self.batch(rows: rows)
        var offsets: [Int] = []
        var total = 0
        for result in results {
            offsets.append(total)
            total += (rows * result.width + 15) / 16 * 16  // each tensor starts on a cache line
        }
        values = AlignedBuffer(count: total)
        gradients = AlignedBuffer(count: total)
        let sides = RightSides()
        self.results = zip(results, offsets).map { value, offset in
            let tensor = Parameter(
                name: name, shape: [rows, value.width], offset: -1, values: values.floats + offset,
                gradient: gradients.floats + offset, sides: sides, ledger: nil, decays: false, derived: nil)
            let pullBack = builder.append(PullBack(value, from: tensor.gradient, in: builder))
            return Result(value: value, tensor: tensor, pullBack: pullBack)
        }
    }

    /// A result as the operand of another plan's operations.
    func operand(_ index: Int) -> Operand {
        let p = results[index].tensor
        return .trainable(
            Parameter(
                name: p.name, shape: p.shape, offset: p.offset, values: p.values, gradient: p.gradient, sides: p.sides,
                ledger: nil, decays: false, derived: DerivedTensor(derivation: self, index: index)))
    }

    static func batch(rows: Int) -> PackedBatch {
        PackedBatch((0..<rows).map { ([Int32($0)], [0], SequenceRow(example: UInt64($0))) })
    }
}

/// Which result of which derivation a tensor is.
struct DerivedTensor {
    let derivation: Derivation
    let index: Int
}

extension PlanBuilder {
    /// Computes tensors from weights, once per step.
    ///
    /// `body` reads weights with `WeightRows` and appends any operations on their rows. What depends on a trainable tensor is
    /// computed at the beginning of each step, in float32, and its gradient goes to the parameters at the end of the step.
    /// What depends on frozen tensors alone is computed here, without dropout, and costs nothing later.
    /// - Parameters:
    ///   - name: whoever asks for a name again gets the same tensors.
    ///   - rows: of all values in `body`.
    /// - Returns: an operand [rows, width] for each value that `body` returns.
    package func derive(_ name: String, rows: Int, _ body: (PlanBuilder) throws -> [Value]) rethrows -> [Operand] {
        if let known = derived[name] {
            precondition(
                known.allSatisfy { $0.shape[0] == rows },
                "\(name) is derived with \(rows) rows and with \(known.map(\.shape))")
            return known
        }
        precondition(rows > 0 && derivedRows == nil, "\(name): \(rows) rows, within the rows \(derivedRows ?? 0)")
        let inner = PlanBuilder(derivedRows: rows)
        let values = try body(inner)
        let trainable = GradientFlow.differentiable(inner.operations)
        let learning = values.filter { trainable.contains($0.id) }
        let derivation = learning.isEmpty ? nil : Derivation(name, rows: rows, learning, in: inner)
        var constants = Self.constants(values.filter { !trainable.contains($0.id) }, rows: rows, in: inner)
            .makeIterator()
        var next = 0
        let operands = values.compactMap { value -> Operand? in
            guard trainable.contains(value.id) else { return constants.next().map { .frozen($0) } }
            defer { next += 1 }
            return derivation?.operand(next)
        }
        derived[name] = operands
        return operands
    }

    /// The present content of values that depend on frozen tensors alone.
    private static func constants(_ values: [Value], rows: Int, in builder: PlanBuilder) -> [Weight] {
        guard !values.isEmpty else { return [] }
        let workspace = Workspace(threads: 1)
        let results = Plan(builder, outputs: values, trains: false)
            .run(Derivation.batch(rows: rows), workspace: workspace)
        return withExtendedLifetime(workspace) {
            values.map { Weight(Array(results.values($0)), shape: [rows, $0.width]) }
        }
    }
}
