/// Collects operations in the order of their data. Each operation returns the value that it computes.
package final class PlanBuilder {
    package private(set) var operations: [any Operation] = []
    /// Of frozen matrices in products.
    package let precision: Precision
    private var values = 0

    package init(precision: Precision = .float32) { self.precision = precision }

    package func value(_ rows: Rows, _ width: Int) -> Value {
        defer { values += 1 }
        return Value(id: values, rows: rows, width: width)
    }

    @discardableResult
    package func append(_ operation: some Operation) -> Value {
        operations.append(operation)
        return operation.output
    }
}
