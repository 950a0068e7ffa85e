import Testing

@testable import Numerics

/// A loss right on a table of logits, so that their gradient can be read: row r is the only token of sequence r.
final class LogitProbe {
    private let parameters: ParameterBuffer
    private let plan: Plan
    private let raw: Value
    private let loss: Value
    private let workspace = Workspace(threads: 2)
    private let rows: Int
    private let groups: [Int]?

    /// - Parameters:
    ///   - logits: [rows, classes]
    ///   - groups: numbers of rows that no slice splits; nil: none.
    ///   - build: the operation under test, which reads the targets of head 0.
    init(
        _ logits: [Float], classes: Int, groups: [Int]? = nil, build: (Value, PlanBuilder) -> any Numerics.Operation
    ) throws {
        try Products.load()
        rows = logits.count / classes
        self.groups = groups
        parameters = try ParameterBuffer([ParameterSpec("logits", [rows, classes], .values(logits))], seed: 0)
        let zeros = Weight([Float](repeating: 0, count: 2 * classes), shape: [2, classes])
        let operand = OperandTable(trainable: parameters) { $0 == "zeros" ? zeros : nil }
        let builder = PlanBuilder()
        let x = builder.append(
            Embedding(
                words: try operand("logits"), positions: try operand("zeros"), types: try operand("zeros"),
                firstPosition: 0, in: builder))
        let operation = build(builder.append(Pool(x, .first, in: builder)), builder)
        raw = builder.append(operation)
        loss = builder.append(Reduce(raw, head: 0, in: builder))
        plan = Plan(builder, outputs: [raw, loss], trains: true)
    }

    /// Raw losses of the rows, the head's mean loss, and its gradient by the logits.
    func run(_ targets: HeadTargets) -> (losses: [Float], mean: Double, gradient: [Float]) {
        let batch = PackedBatch(
            (0..<rows).map { ([Int32($0)], [0], SequenceRow(example: UInt64($0))) }, targets: [0: targets],
            groups: groups)
        let results = plan.run(batch, workspace: workspace)
        return (
            Array(results.values(raw)), results.values(loss).reduce(0) { $0 + Double($1) },
            parameters.parameters[0].gradientArray
        )
    }

    /// The gradient against central differences of order four.
    func check(_ targets: HeadTargets, sourceLocation: SourceLocation = #_sourceLocation) {
        let gradient = run(targets).gradient
        let parameter = parameters.parameters[0]
        let measured: [Double] = (0..<parameter.count).map { i in
            let old = parameter.values[i]
            func at(_ offset: Float) -> Double {
                parameter.values[i] = old + offset
                return run(targets).mean
            }
            defer { parameter.values[i] = old }
            let h: Float = 0.02
            return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * Double(h))
        }
        #expect(measured.contains { abs($0) > 1e-2 }, sourceLocation: sourceLocation)
        expectClose(gradient, measured, 2e-4, "gradient", sourceLocation: sourceLocation)
    }
}
