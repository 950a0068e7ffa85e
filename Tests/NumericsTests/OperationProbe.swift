import Testing

@testable import Numerics

/// One operation between an embedding (so that its inputs have gradients) and a loss.
final class OperationProbe {
    static let width = 5
    static let classes = 3
    /// Words, positions and types of the embedding: what makes `x`.
    static func tables(positions: Int = 6) -> [ParameterSpec] {
        [("words", 11), ("positions", positions), ("types", 2)].map {
            ParameterSpec($0, [$1, width], .normal(0.7))
        }
    }

    let parameters: ParameterBuffer
    let builder = PlanBuilder()
    let plan: Plan
    let loss: Value
    let workspace = Workspace(threads: 2)
    private let classWeights: [Float]?

    /// - Parameters:
    ///   - specs: what the operations under test learn.
    ///   - frozen: names (of `specs` or the tables) that do not learn.
    ///   - virtual: those of the plan
    ///   - build: from x [tokens, width] to logits [sequences, classes].
    init(
        _ specs: [ParameterSpec], frozen: Set<String> = [], seed: UInt64 = 1, classWeights: [Float]? = nil,
        smoothing: Float = 0, virtual: VirtualTokens? = nil,
        build: (PlanBuilder, Value, (String) throws -> Operand) throws -> Value
    ) throws {
        try Products.load()
        builder.virtualTokens = virtual
        let all = Self.tables(positions: 6 + (virtual?.positions ?? 0)) + specs
        parameters = try ParameterBuffer(all.filter { !frozen.contains($0.name) }, seed: seed)
        let still = try ParameterBuffer(all.filter { frozen.contains($0.name) }, seed: seed)
        let operand = OperandTable(trainable: parameters) { name in
            still[name].map { Weight($0.array, shape: $0.shape) }
        }
        let x = builder.append(
            Embedding(
                words: try operand("words"), positions: try operand("positions"), types: try operand("types"),
                firstPosition: 1, in: builder))
        let logits = try build(builder, x) { try operand($0) }
        self.classWeights = classWeights
        let losses = builder.append(
            CrossEntropy(logits, head: 0, classWeights: classWeights, smoothing: smoothing, in: builder))
        loss = builder.append(Reduce(losses, head: 0, in: builder))
        plan = Plan(builder, outputs: [loss], trains: true)
    }

    /// Five sequences, some of one token, one without a label.
    static let batch = batch(lengths: [1, 3, 1, 5, 2], labels: [0, 2, -1, 1, 2])

    static func batch(
        lengths: [Int], labels: [Int], seed: UInt64 = 3, classWeights: [Float]? = nil
    ) -> PackedBatch {
        PackedBatch(
            zip(lengths, labels).enumerated().map { i, row in
                let ids = (0..<row.0).map { Int32(Randomness.integer(Randomness.key(seed, UInt64(i)), $0, below: 11)) }
                return (ids, ids.map { $0 % 2 }, SequenceRow(example: UInt64(i)))
            },
            targets: [
                0: HeadTargets(
                    .classes(labels.map { Int32($0) }), classWeights: classWeights)
            ])
    }

    func lossSum(stepKey: UInt64?) -> Double {
        let batch = Self.batch(lengths: [1, 3, 1, 5, 2], labels: [0, 2, -1, 1, 2], classWeights: classWeights)
        let results = plan.run(batch, workspace: workspace, stepKey: stepKey)
        return results.values(loss).reduce(0) { $0 + Double($1) } + plan.parameterLoss()
    }

    /// All gradients at once: the slope along a random direction, by central differences of order four.
    func checkDirection(stepKey: UInt64? = nil, seed: UInt64 = 9, sourceLocation: SourceLocation = #_sourceLocation) {
        // not the padding between the tensors
        let indices = parameters.parameters.flatMap { $0.offset..<$0.offset + $0.count }
        let (values, start) = (parameters.values, indices.map { parameters.values[$0] })
        let direction = normals(indices.count, seed, deviation: 1 / Float(indices.count).squareRoot())
        _ = lossSum(stepKey: stepKey)
        let ours = zip(indices, direction).reduce(0.0) { $0 + Double($1.1) * Double(parameters.gradients[$1.0]) }
        func at(_ offset: Float) -> Double {
            for (k, i) in indices.enumerated() { values[i] = start[k] + offset * direction[k] }
            defer { for (k, i) in indices.enumerated() { values[i] = start[k] } }
            return lossSum(stepKey: stepKey)
        }
        let h: Float = 0.05
        let slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * Double(h))
        #expect(
            abs(ours - slope) <= 1e-4 + 1e-3 * abs(slope), "\(ours), slope \(slope)", sourceLocation: sourceLocation)
    }

    /// Every gradient against central differences of order four, step 0.02.
    ///
    /// The loss is float32 (6e-8 relative), so a difference carries about 1e-5 of noise; the tolerance, 2e-4 + 1e-3 of
    /// the tensor's largest slope, leaves room for it and for h⁴.
    func check(stepKey: UInt64? = nil, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(plan.parameters.count == parameters.parameters.count, "some tensor gets no gradient")
        // what a step before has left must not matter
        for i in 0..<parameters.count { parameters.gradients[i] = 1e3 }
        _ = lossSum(stepKey: stepKey)
        let ours = parameters.parameters.map(\.gradientArray)
        for (parameter, gradient) in zip(parameters.parameters, ours) {
            var worst = (error: 0.0, index: 0, slope: 0.0)
            var largest = 0.0
            for i in 0..<parameter.count {
                let old = parameter.values[i]
                func at(_ offset: Float) -> Double {
                    parameter.values[i] = old + offset
                    return lossSum(stepKey: stepKey)
                }
                let h: Float = 0.02
                let slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * Double(h))
                parameter.values[i] = old
                largest = max(largest, abs(slope))
                let error = gradient[i].isFinite ? abs(slope - Double(gradient[i])) : .infinity
                if error > worst.error { worst = (error, i, slope) }
            }
            #expect(
                worst.error <= 2e-4 + 1e-3 * largest,
                "\(parameter.name)[\(worst.index)]: gradient \(gradient[worst.index]), slope \(worst.slope)",
                sourceLocation: sourceLocation)
        }
    }
}
