/// The part of a plan whose result for a text never changes: what lies below all trainable tensors and below everything that
/// drops.
///
/// The rest of the plan reads a single value of it, the boundary. A text's rows do not depend on the batch that it is in, so
/// whoever keeps them need not compute the part again.
package struct FrozenPart {
    /// From token ids to the boundary.
    package let plan: Plan
    /// [tokens or sequences, width]
    package let boundary: Value
    /// Reads the boundary's rows in the rest of the plan.
    package let rows: StoredRows
    /// nil: it cannot be told whether another part computes the same.
    package let identity: PlanIdentity?

    /// - Parameter boundary: from `frozenBoundary`.
    package init(_ boundary: Value, in builder: PlanBuilder) {
        plan = Plan(builder, outputs: [boundary], trains: false)
        self.boundary = boundary
        rows = StoredRows(boundary)
        identity = PlanIdentity(plan.operations, precision: builder.precision)
    }
}

extension PlanBuilder {
    /// The highest value that is all that the rest of a plan reads of its frozen part.
    /// - Parameter drops: whether the plan's steps drop.
    /// - Returns: the value, and the ids of all that are computed for it, its own among them; nil: there is none.
    package func frozenBoundary(below outputs: [Value], drops: Bool) -> (value: Value, computed: Set<Int>)? {
        // Rows of virtual tokens are not those of a text
        guard virtualTokens == nil else { return nil }
        let all = Plan.operations(of: self, neededFor: outputs)
        let changing = GradientFlow.reached(all) { !$0.parameters.isEmpty || (drops && $0.drops) }
        var lastReader: [Int: Int] = [:]
        for (i, operation) in all.enumerated() { for input in operation.inputs { lastReader[input.id] = i } }
        for output in outputs { lastReader[output.id] = all.count }
        var found: (value: Value, computed: Set<Int>)?
        // Frozen values that an operation yet to come reads
        var (open, computed): (Set<Int>, Set<Int>) = ([], [])
        for (i, operation) in all.enumerated() {
            guard !changing.contains(operation.output.id) else {
                if operation.inputs.contains(where: { !changing.contains($0.id) }) { break }
                continue
            }
            for input in operation.inputs where lastReader[input.id] == i { open.remove(input.id) }
            let value = operation.output
            open.insert(value.id)
            computed.insert(value.id)
            if open.count == 1, value.rows == .tokens || value.rows == .sequences { found = (value, computed) }
        }
        return found
    }
}
