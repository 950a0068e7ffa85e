/// What an operation computes, as far as it can be told from the plan: equal ones compute the same values.
package struct Computation: Hashable {
    private let operation: ObjectIdentifier
    private let inputs: [Int?]
    private let operands: [Place?]
    private let numbers: [Double]

    /// Where an operand's elements lie, and under which shape they are read.
    private struct Place: Hashable {
        let address: UInt
        let shape: [Int]

        init(_ operand: Operand) {
            address = UInt(bitPattern: operand.address)
            shape = operand.shape
        }
    }

    /// - Parameters:
    ///   - inputs: in a fixed order; nil: the operation has none in this place.
    ///   - operands: as `inputs`.
    ///   - numbers: whatever else the result depends on.
    init(
        _ operation: some Operation, _ inputs: [Value?], operands: [Operand?] = [], numbers: [Double] = []
    ) {
        self.operation = ObjectIdentifier(type(of: operation))
        self.inputs = inputs.map { $0?.id }
        self.operands = operands.map { $0.map { Place($0) } }
        self.numbers = numbers
    }

    private init(_ other: Computation, inputs: [Int?]) {
        (operation, self.inputs, operands, numbers) = (other.operation, inputs, other.operands, other.numbers)
    }

    /// The same with values called by other names.
    fileprivate func renamed(_ names: [Int: Int]) -> Computation {
        Computation(self, inputs: inputs.map { $0.map { names[$0] ?? -1 } })
    }
}

/// What a plan computes from token ids, as far as it can be told: plans with equal identities give a text the same rows, for as
/// long as the tensors that they read live.
package struct PlanIdentity: Hashable {
    private let steps: [Computation]
    private let precision: Precision

    /// nil: an operation does not tell what it computes, or reads what is trained.
    init?(_ operations: [any Operation], precision: Precision) {
        var (names, steps): ([Int: Int], [Computation]) = ([:], [])
        for (i, operation) in operations.enumerated() {
            guard operation.parameters.isEmpty, let computation = operation.computation else { return nil }
            names[operation.output.id] = i
            steps.append(computation.renamed(names))
        }
        (self.steps, self.precision) = (steps, precision)
    }
}

/// Values of a plan that several streams of operations have in common.
///
/// Each stream appends what it would append by itself. Where an equal operation is there already, its value is taken. What
/// depends on a trainable tensor is not shared, since some operations must be the only consumer of their inputs' gradients.
struct SharedValues {
    private var known: [Computation: Value] = [:]
    private var differentiable: Set<Int> = []

    /// The value of an equal operation; nil: there is none, and this one counts from now on.
    mutating func value(of operation: some Operation) -> Value? {
        guard operation.parameters.isEmpty, !operation.inputs.contains(where: { differentiable.contains($0.id) }) else {
            differentiable.insert(operation.output.id)
            return nil
        }
        guard let computation = operation.computation else { return nil }
        if let value = known[computation] { return value }
        known[computation] = operation.output
        return nil
    }
}

extension DropoutSite {
    /// Of a `Computation`.
    var numbers: [Double] { [Double(siteHash >> 32), Double(siteHash & 0xFFFF_FFFF), Double(rate)] }
}
