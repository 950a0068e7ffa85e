import Tasks

/// What came of an arm on a task at one size: each seed's answers to the test split, and costs.
struct ArmResult {
    var answers: [any Answers] = []
    var trainableParameters = 0
    var bytesPerExtraTask: Int?
    var tokens = 0
    var seconds = 0.0
    var cumulativeTokens = 0
    /// Seconds of training, with that of what it builds on.
    var cumulativeSeconds = 0.0
    /// Of each seed; none where the arm has no learning rate.
    var rates: [Double] = []
    var losses: [Double] = []
    /// What a fusion attends to, of each seed.
    var attention: [[String: Double]] = []

    /// Adds a seed's run. One model for all tasks has no bytes per extra task: none can be added to it.
    mutating func add(_ cell: Cell, _ results: ExperimentResults, task: String, arm: Arm) {
        guard let run = results[cell]?.result else { return }
        if let given = run[task] { answers.append(given) }
        trainableParameters = max(trainableParameters, run.trainableParameters)
        bytesPerExtraTask = arm.isShared ? nil : trainableParameters * MemoryLayout<Float>.size
        tokens += run.tokens
        seconds += run.seconds
        cumulativeTokens += results.cumulativeTokens(cell)
        cumulativeSeconds += results.cumulativeSeconds(cell)
        if cell.choosesRate { rates.append(run.rate) }
        losses = run.losses
        if let shares = run.attention { attention.append(shares) }
    }

    init(answers: [any Answers] = []) { self.answers = answers }
}
