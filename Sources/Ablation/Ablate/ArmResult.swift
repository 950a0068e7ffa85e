import Tasks

/// What came of an arm on a task: each seed's answers to the test split, and costs.
struct ArmResult {
    var answers: [any Answers] = []
    var trainableParameters = 0
    var bytesPerExtraTask: Int?
    var tokens = 0
    var seconds = 0.0
    var cumulativeTokens = 0
    var rates: [Double] = []
    var losses: [Double] = []

    /// Adds a seed's run.
    /// - Parameter isShared: one model for all tasks, to which no task can be added.
    mutating func add(_ cell: Cell, _ results: ExperimentResults, task: String, isShared: Bool) {
        guard let run = results[cell]?.result else { return }
        if let given = run[task] { answers.append(given) }
        trainableParameters = run.trainableParameters
        bytesPerExtraTask = isShared ? nil : run.trainableParameters * MemoryLayout<Float>.size
        tokens += run.tokens
        seconds += run.seconds
        cumulativeTokens += results.cumulativeTokens(cell)
        rates.append(run.rate)
        losses = run.losses
    }
}
