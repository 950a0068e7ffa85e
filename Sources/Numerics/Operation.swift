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

/// A coarse operation with its hand-written vector-Jacobian product.
///
/// `forward` and `backward` see one slice. `accumulate` runs after all slices of a group and owns a part of the parameters'
/// gradients. So a gradient is one sum in one order, whatever the number of threads.
package protocol Operation: AnyObject {
    var inputs: [Value] { get }
    var output: Value { get }
    /// Values (inputs or the output) that `backward` reads.
    var readInBackward: [Value] { get }
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
    /// Numbers of its own that live from forward to backward.
    func privateFloats(_ run: SliceRun) -> Int
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
    package var parameters: [Parameter] { [] }
    package var readForParameters: [Value] { [] }
    package func rightSides(differentiates: Bool) -> [RightSide] { [] }
    package var parameterUnits: Int { parameters.isEmpty ? 0 : 1 }
    package func privateFloats(_ run: SliceRun) -> Int { 0 }
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
