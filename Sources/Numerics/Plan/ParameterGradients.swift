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
    /// In the order of the buffer.
    private(set) var parameters: [Parameter] = []
    /// Parameters that no operation of the first wave writes. A run sets their gradients to zero first, because later waves
    /// only add.
    private(set) var zeroedFirst: [Parameter] = []

    init(_ operations: [any Operation]) {
        // by the parameter's offset
        var nextWave: [Int: Int] = [:]
        for (i, operation) in operations.enumerated() where !operation.parameters.isEmpty {
            let wave = operation.parameters.map { nextWave[$0.offset, default: 0] }.max() ?? 0
            for parameter in operation.parameters {
                if nextWave[parameter.offset] == nil {
                    parameters.append(parameter)
                    if wave > 0 { zeroedFirst.append(parameter) }
                }
                nextWave[parameter.offset] = wave + 1
            }
            while waves.count <= wave { waves.append([]) }
            waves[wave] += (0..<operation.parameterUnits).map { Unit(operation: i, unit: $0) }
        }
        parameters.sort { $0.offset < $1.offset }
    }
}
