extension ComparisonReport {
    /// One arm on one task: how good, and at which cost.
    package struct Row: Sendable, Equatable {
        package var task: String
        package var arm: String
        package var accuracy: Estimate
        package var macroF1: Estimate
        /// In accuracy.
        package var standing: Standing?
        package var macroF1Standing: Standing?
        /// Name of the task's own metric.
        package var metric: String
        /// In that metric.
        package var score: Estimate
        package var scoreStanding: Standing?
        /// Test examples that were scored; those with an unknown label count as wrong.
        package var examples: Int
        package var unknownLabels: Int
        /// Test rows that could not be scored, by reason.
        package var skipped: [String: Int]
        /// Parameters that training changes.
        package var trainableParameters: Int
        /// What is stored for one task more; nil where a task cannot be added without training all anew.
        package var bytesPerExtraTask: Int?
        package var tokensPerSecond: Double?
        /// Training tokens of this arm's own training.
        package var trainingTokens: Int
        /// With the training of what it builds on (fusion: the adapters that it fuses).
        package var cumulativeTokens: Int
        package var learningRate: Double?
        package var seeds: Int

        package init(
            task: String, arm: String, accuracy: Estimate, macroF1: Estimate, standing: Standing? = nil,
            macroF1Standing: Standing? = nil, trainableParameters: Int = 0, bytesPerExtraTask: Int? = nil,
            tokensPerSecond: Double? = nil,
            trainingTokens: Int = 0, cumulativeTokens: Int? = nil, learningRate: Double? = nil, seeds: Int = 1,
            metric: String = "accuracy", score: Estimate? = nil, scoreStanding: Standing? = nil, examples: Int = 0,
            unknownLabels: Int = 0, skipped: [String: Int] = [:]
        ) {
            self.metric = metric
            self.score = score ?? (metric == "macro_f1" ? macroF1 : accuracy)
            self.scoreStanding = scoreStanding ?? (metric == "macro_f1" ? macroF1Standing : standing)
            self.examples = examples
            self.unknownLabels = unknownLabels
            self.skipped = skipped
            self.task = task
            self.arm = arm
            self.accuracy = accuracy
            self.macroF1 = macroF1
            self.standing = standing
            self.macroF1Standing = macroF1Standing
            self.trainableParameters = trainableParameters
            self.bytesPerExtraTask = bytesPerExtraTask
            self.tokensPerSecond = tokensPerSecond
            self.trainingTokens = trainingTokens
            self.cumulativeTokens = cumulativeTokens ?? trainingTokens
            self.learningRate = learningRate
            self.seeds = seeds
        }
    }
}

/// Flat, with snake case, as scripts like it. Numbers that are not finite become null: JSON has none.
extension ComparisonReport.Row: Codable {
    enum CodingKeys: String, CodingKey {
        case task, arm, metric, score, accuracy, standing, seeds, examples, skipped
        case scoreInterval = "score_interval"
        case scoreStanding = "score_standing"
        case unknownLabels = "unknown_labels"
        case accuracyInterval = "accuracy_interval"
        case macroF1 = "macro_f1"
        case macroF1Interval = "macro_f1_interval"
        case macroF1Standing = "macro_f1_standing"
        case trainableParameters = "trainable_parameters"
        case bytesPerExtraTask = "bytes_per_extra_task"
        case tokensPerSecond = "tokens_per_second"
        case trainingTokens = "training_tokens"
        case cumulativeTokens = "cumulative_tokens"
        case learningRate = "learning_rate"
    }

    package func encode(to encoder: any Encoder) throws {
        var box = encoder.container(keyedBy: CodingKeys.self)
        func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
        func ends(_ interval: Interval?) -> [Double?]? { interval.map { [finite($0.low), finite($0.high)] } }
        try box.encode(task, forKey: .task)
        try box.encode(arm, forKey: .arm)
        try box.encode(metric, forKey: .metric)
        try box.encode(finite(score.value), forKey: .score)
        try box.encode(ends(score.interval), forKey: .scoreInterval)
        try box.encode(scoreStanding, forKey: .scoreStanding)
        try box.encode(examples, forKey: .examples)
        try box.encode(unknownLabels, forKey: .unknownLabels)
        try box.encode(Skipped(count: skipped.values.reduce(0, +), reasons: skipped), forKey: .skipped)
        try box.encode(finite(accuracy.value), forKey: .accuracy)
        try box.encode(ends(accuracy.interval), forKey: .accuracyInterval)
        try box.encode(finite(macroF1.value), forKey: .macroF1)
        try box.encode(ends(macroF1.interval), forKey: .macroF1Interval)
        try box.encode(standing, forKey: .standing)
        try box.encode(macroF1Standing, forKey: .macroF1Standing)
        try box.encode(trainableParameters, forKey: .trainableParameters)
        try box.encode(bytesPerExtraTask, forKey: .bytesPerExtraTask)
        try box.encode(finite(tokensPerSecond), forKey: .tokensPerSecond)
        try box.encode(trainingTokens, forKey: .trainingTokens)
        try box.encode(cumulativeTokens, forKey: .cumulativeTokens)
        try box.encode(finite(learningRate), forKey: .learningRate)
        try box.encode(seeds, forKey: .seeds)
    }

    package init(from decoder: any Decoder) throws {
        let box = try decoder.container(keyedBy: CodingKeys.self)
        func estimate(_ value: CodingKeys, _ interval: CodingKeys) throws -> ComparisonReport.Estimate {
            let ends = try box.decodeIfPresent([Double?].self, forKey: interval)
            let number = try box.decodeIfPresent(Double.self, forKey: value) ?? .nan
            guard let ends, ends.count == 2 else { return .init(number) }
            return .init(number, Interval(ends[0] ?? .nan, ends[1] ?? .nan))
        }
        self.init(
            task: try box.decode(String.self, forKey: .task), arm: try box.decode(String.self, forKey: .arm),
            accuracy: try estimate(.accuracy, .accuracyInterval), macroF1: try estimate(.macroF1, .macroF1Interval),
            standing: try box.decodeIfPresent(ComparisonReport.Standing.self, forKey: .standing),
            macroF1Standing: try box.decodeIfPresent(ComparisonReport.Standing.self, forKey: .macroF1Standing),
            trainableParameters: try box.decode(Int.self, forKey: .trainableParameters),
            bytesPerExtraTask: try box.decodeIfPresent(Int.self, forKey: .bytesPerExtraTask),
            tokensPerSecond: try box.decodeIfPresent(Double.self, forKey: .tokensPerSecond),
            trainingTokens: try box.decode(Int.self, forKey: .trainingTokens),
            cumulativeTokens: try box.decode(Int.self, forKey: .cumulativeTokens),
            learningRate: try box.decodeIfPresent(Double.self, forKey: .learningRate),
            seeds: try box.decode(Int.self, forKey: .seeds), metric: try box.decode(String.self, forKey: .metric),
            score: try estimate(.score, .scoreInterval),
            scoreStanding: try box.decodeIfPresent(ComparisonReport.Standing.self, forKey: .scoreStanding),
            examples: try box.decode(Int.self, forKey: .examples),
            unknownLabels: try box.decode(Int.self, forKey: .unknownLabels),
            skipped: try box.decode(Skipped.self, forKey: .skipped).reasons)
    }

    private struct Skipped: Codable {
        var count: Int
        var reasons: [String: Int]
    }
}
