/// How a block divides its attention at one place of a plan.
package struct ObservedShares: Sendable {
    /// Of the block's tensors there: `blocks/fuse/afterFeedForward/3`.
    package let scope: String
    package let value: Value
    /// Of the value: a share for each of `names`, which sum to 1 in each row.
    package let columns: Range<Int>
    package let names: [String]

    package init(scope: String, value: Value, columns: Range<Int>, names: [String]) {
        self.scope = scope
        self.value = value
        self.columns = columns
        self.names = names
    }
}

/// Collects operations in the order of their data. Each operation returns the value that it computes.
package final class PlanBuilder {
    package private(set) var operations: [any Operation] = []
    /// Of frozen matrices in products.
    package let precision: Precision
    /// Rows of the tensors that this builder derives; nil in the builder of a plan over batches.
    let derivedRows: Int?
    /// Derived tensors by name (see `derive`).
    var derived: [String: [Operand]] = [:]
    /// What the plan inserts into each sequence of a batch before it runs; nil: nothing.
    package var virtualTokens: VirtualTokens?
    /// What several streams have in common; nil: there is one stream.
    private var shared: SharedValues?
    private var values = 0
    /// Where shares of attention are to be read; nil: they are not.
    package var observedShares: [ObservedShares]?

    package init(precision: Precision = .float32) {
        self.precision = precision
        derivedRows = nil
    }

    init(derivedRows: Int) {
        precision = .float32
        self.derivedRows = derivedRows
    }

    package func value(_ rows: Rows, _ width: Int) -> Value {
        defer { values += 1 }
        return Value(id: values, rows: rows, width: width)
    }

    /// From now on, an operation that computes what another one computes is not appended again: for plans that run several
    /// models with common parts on the same batch.
    package func shareValues() { shared = SharedValues() }

    /// - Returns: the operation's value, or the value of an equal operation that is shared.
    @discardableResult
    package func append(_ operation: some Operation) -> Value {
        precondition(
            derivedRows == nil || operation.parameters.allSatisfy { $0.derived == nil },
            "a derived tensor cannot be derived from another")
        if let known = shared?.value(of: operation) { return known }
        operations.append(operation)
        return operation.output
    }
}
