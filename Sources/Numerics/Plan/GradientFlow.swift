/// Which inputs of which operations get a gradient, and whether it is written or added.
struct GradientFlow {
    enum Mode { case none, write, add }

    /// Of each operation, of each of its inputs. Empty if the operation's output needs no gradient.
    private(set) var modes: [[Mode]]
    /// Of each operation: whether at least one of its inputs gets a gradient.
    private(set) var runsBackward: [Bool]

    init(_ operations: [any Operation], trains: Bool) {
        modes = [[Mode]](repeating: [], count: operations.count)
        runsBackward = [Bool](repeating: false, count: operations.count)
        guard trains else { return }
        let differentiable = Self.differentiable(operations)
        // Backward runs in reverse order: the last consumer of a value writes its gradient, the others add
        var written = Set<Int>()
        for i in operations.indices.reversed() where differentiable.contains(operations[i].output.id) {
            modes[i] = operations[i].inputs.map { input in
                guard differentiable.contains(input.id) else { return .none }
                return written.insert(input.id).inserted ? .write : .add
            }
            runsBackward[i] = modes[i].contains { $0 != .none }
        }
    }

    /// Ids of the values that depend on a trainable tensor.
    static func differentiable(_ operations: [any Operation]) -> Set<Int> {
        reached(operations) { !$0.parameters.isEmpty }
    }

    /// Ids of the values that depend on what some operations compute.
    static func reached(_ operations: [any Operation], from isSource: (any Operation) -> Bool) -> Set<Int> {
        var found = Set<Int>()
        for operation in operations
        where isSource(operation) || operation.inputs.contains(where: { found.contains($0.id) }) {
            found.insert(operation.output.id)
        }
        return found
    }
}
