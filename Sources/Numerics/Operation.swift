/// What a value has one row of. A plan only names row sets; the batch says which rows they are.
package enum Rows: Hashable, Sendable {
    case tokens
    case sequences
    /// The tokens that the batch marks for a head: those with a target, or the first of each word.
    case marked(head: Int)
    /// Groups of neighbouring sequences, such as the choices of one question; a slice never splits one.
    case groups
}

/// A matrix that a plan computes: [rows, width]. It names the matrix and does not hold its numbers.
package struct Value: Hashable, Sendable {
    package let id: Int
    package let rows: Rows
    package let width: Int
}

/// What of a slice an operation computes in one call.
package enum Part {
    case whole
    /// Some of the slice's rows of one set, counted from its first.
    case rows(Rows, Range<Int>)
    /// One of `count` shares, which the operation cuts as it likes: columns of a product, heads of attention.
    case share(index: Int, of: Int)
}

/// How far the rows of an operation's values depend on each other.
package enum RowCut {
    /// A row of the output, or of an input's gradient, may depend on any row: it is not cut by rows.
    case none
    /// Row r of the output, and of each input's gradient, depends on the rows r of the other values alone. All values have
    /// the same row set.
    case own
    /// A row of the output may depend on any row of the inputs, whose row set is another. Forward is cut by rows of the
    /// output, backward by rows of the first input.
    case gathered
}

/// A coarse operation with its hand-written vector-Jacobian product.
///
/// `forward` and `backward` see one slice, or a part of it (`Part`): the run narrows the rows that it shows. Parts run at the
/// same time and in any order; together they write what the whole writes, byte for byte. `accumulate` runs after all slices of a group and owns a part of the parameters'
/// gradients. So a gradient is one sum in one order, whatever the number of threads.
package protocol Operation: AnyObject {
    var inputs: [Value] { get }
    var output: Value { get }
    /// Values (inputs or the output) that `backward` reads.
    var readInBackward: [Value] { get }
    /// What it computes, if streams of a plan may share it (`PlanBuilder.shareValues`); nil: each has its own.
    var computation: Computation? { get }
    /// Whether it drops some of what it computes in a training step.
    var drops: Bool { get }
    /// The trainable tensors that it multiplies with.
    var parameters: [Parameter] { get }
    /// Values that `accumulate` reads over a group of slices; the output's gradient is always there for it.
    var readForParameters: [Value] { get }
    /// Creates the right sides of its products, once, when a plan is compiled.
    /// - Parameter differentiates: whether `backward` will run.
    /// - Returns: those of trainable matrices, which each run must refresh.
    func rightSides(differentiates: Bool) -> [RightSide]
    /// Number of independent parts of `accumulate`.
    var parameterUnits: Int { get }
    /// Numbers of its own, for each row of the output, that live from forward to backward.
    var privateWidth: Int { get }
    /// The same for all rows of a slice; other than by rows only if `rowCut` is `.none`.
    func privateFloats(_ run: SliceRun) -> Int
    /// Whether it can be cut by rows.
    var rowCut: RowCut { get }
    /// The most shares that it can be cut into; 1: none. Asked with the whole slice.
    func shares(_ run: SliceRun, backward: Bool) -> Int
    func forward(_ run: SliceRun)
    func backward(_ run: SliceRun)
    /// Writes (or adds, where `run.accumulates`) the gradients of part `unit`.
    func accumulate(unit: Int, _ run: BatchRun)
    /// A loss of the parameters alone (a regularizer); its gradient is part of `accumulate`.
    func parameterLoss() -> Double
    /// Multiply-adds of the products that a batch needs; elementwise work does not count.
    /// - Parameters:
    ///   - inputGradients: which inputs have gradients; empty where `backward` does not run.
    ///   - trains: whether the trainable tensors' gradients are wanted.
    func multiplyAdds(_ batch: PackedBatch, inputGradients: [Bool], trains: Bool) -> Double
}

extension Operation {
    package var readInBackward: [Value] { [] }
    package var computation: Computation? { nil }
    package var drops: Bool { false }
    package var parameters: [Parameter] { [] }
    package var readForParameters: [Value] { [] }
    package func rightSides(differentiates: Bool) -> [RightSide] { [] }
    package var parameterUnits: Int { parameters.isEmpty ? 0 : 1 }
    package var privateWidth: Int { 0 }
    package func privateFloats(_ run: SliceRun) -> Int { privateWidth * run.rows(output) }
    package var rowCut: RowCut { .none }
    package func shares(_ run: SliceRun, backward: Bool) -> Int { 1 }
    package func accumulate(unit: Int, _ run: BatchRun) {}
    package func parameterLoss() -> Double { 0 }
    package func multiplyAdds(_ batch: PackedBatch, inputGradients: [Bool], trains: Bool) -> Double { 0 }
}

/// Where a gradient goes: it is written, or added to what another consumer has written.
package struct GradientTarget {
    package let pointer: UnsafeMutablePointer<Float>
    package let adds: Bool
}

extension Value {
    /// Refuses a value of another shape when a plan is built.
    func require(like other: Value, _ role: String) {
        precondition(
            rows == other.rows && width == other.width,
            "\(role) has \(width) columns for \(rows), expected \(other.width) for \(other.rows)")
    }
}
