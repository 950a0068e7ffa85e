/// Which operation computes which part of the parameters' gradients, and in which order.
struct ParameterGradients {
    /// One unit of an operation's `accumulate`.
    struct Unit {
        let operation: Int
        let unit: Int
    }
    /// The units of a wave run in parallel. A tensor that two operations share is written in one wave and added to in the
    /// next.
    private(set) var waves: [[Unit]] = []
    /// Those of the buffer; derived tensors are not among them.
    private(set) var parameters: [Parameter] = []
    /// Parameters that no operation of the first wave writes. A run sets their gradients to zero first, because later waves
    /// only add.
    private(set) var zeroedFirst: [Parameter] = []

    init(_ operations: [any Operation]) {
        var nextWave: [UnsafeMutablePointer<Float>: Int] = [:]
        var wholes: [(parameter: Parameter, covered: Int)] = []
        for (i, operation) in operations.enumerated() where !operation.parameters.isEmpty {
            let wave = operation.parameters.map { nextWave[$0.gradient, default: 0] }.max() ?? 0
            for parameter in operation.parameters {
                if nextWave[parameter.gradient] == nil {
                    if let whole = parameter.whole?.parameter {
                        let index = wholes.firstIndex { $0.parameter.offset == whole.offset } ?? wholes.count
                        if index == wholes.count { wholes.append((whole, 0)) }
                        wholes[index].covered += parameter.count
                    } else if parameter.derived == nil {
                        parameters.append(parameter)
                    }
                    if wave > 0 { zeroedFirst.append(parameter) }
                }
                nextWave[parameter.gradient] = wave + 1
            }
            while waves.count <= wave { waves.append([]) }
            waves[wave] += (0..<operation.parameterUnits).map { Unit(operation: i, unit: $0) }
        }
        for (whole, covered) in wholes {
            precondition(covered == whole.count, "\(whole.name): \(covered) of \(whole.count) elements in the plan")
            parameters.append(whole)
        }
    }
}
