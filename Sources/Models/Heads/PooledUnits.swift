import Files
import Numerics

/// A text as one row of length 1: the pooled output, over its length. It has no tensors: what is learned is in the adapters
/// (Reimers & Gurevych 2019, "Sentence-BERT").
struct PooledUnits {
    let pooling: Pool.Kind
    /// Columns of the rows: the model's hidden size.
    let width: Int

    /// - Parameter rows: [rows, hidden]
    /// - Returns: [rows, hidden]
    func build(_ rows: Value, in builder: PlanBuilder) -> Value { builder.append(UnitRows(rows, in: builder)) }

    /// What a stored head has of it.
    var fields: [String: ConfigurationValue] {
        ["pooling": .string(pooling.rawValue), "width": .number(Double(width))]
    }

    init(pooling: Pool.Kind, width: Int) {
        self.pooling = pooling
        self.width = width
    }

    init(fields: HeadFields, labels: [String]) throws(HeadFault) {
        guard labels.isEmpty else {
            throw HeadFault(
                field: "labels", found: counted(labels.count, "label"), expected: "none for a head that compares texts")
        }
        self.init(pooling: try fields.pooling(), width: try fields.integer("width", in: 1...65_536))
    }
}
