extension ComparisonReport {
    /// A metric's value on one task.
    package struct NamedScore: Sendable, Equatable {
        /// The metric's name, such as `macro_f1`.
        package var name: String
        package var estimate: Estimate
        /// Nil if the score is undefined, or if nothing was compared.
        package var standing: Standing?

        package init(_ name: String, _ estimate: Estimate, _ standing: Standing? = nil) {
            self.name = name
            self.estimate = estimate
            self.standing = standing
        }
    }

    /// One arm on one task: its scores and its costs.
    package struct Row: Sendable, Equatable {
        /// Id of the task: with its size, "role@200".
        package var task: String
        package var arm: String
        /// Training texts; nil: all of the task's.
        package var size: Int?
        /// The task's own metric first.
        package var scores: [NamedScore]
        /// Test examples that were scored; those with an unknown label count as wrong.
        package var examples: Int
        package var unknownLabels: Int
        /// Test rows that could not be scored, by reason.
        package var skipped: [String: Int]
        /// Number of parameters that are trained.
        package var trainableParameters: Int
        /// Bytes stored for each extra task; nil if a task cannot be added without training all tasks again.
        package var bytesPerExtraTask: Int?
        package var tokensPerSecond: Double?
        /// Training tokens of this arm's own training.
        package var trainingTokens: Int
        /// With the training of what it builds on (fusion: the adapters that it fuses).
        package var cumulativeTokens: Int
        package var learningRate: Double?
        package var seeds: Int

        package init(
            task: String, arm: String, size: Int? = nil, scores: [NamedScore], trainableParameters: Int = 0,
            bytesPerExtraTask: Int? = nil, tokensPerSecond: Double? = nil, trainingTokens: Int = 0,
            cumulativeTokens: Int? = nil, learningRate: Double? = nil, seeds: Int = 1, examples: Int = 0,
            unknownLabels: Int = 0, skipped: [String: Int] = [:]
        ) {
            self.task = task
            self.arm = arm
            self.size = size
            self.scores = scores
            self.examples = examples
            self.unknownLabels = unknownLabels
            self.skipped = skipped
            self.trainableParameters = trainableParameters
            self.bytesPerExtraTask = bytesPerExtraTask
            self.tokensPerSecond = tokensPerSecond
            self.trainingTokens = trainingTokens
            self.cumulativeTokens = cumulativeTokens ?? trainingTokens
            self.learningRate = learningRate
            self.seeds = seeds
        }

        /// Name of the task's own metric.
        package var metric: String { scores.first?.name ?? "" }

        /// The score in a metric; nil if the row has none.
        package subscript(metric: String) -> NamedScore? { scores.first { $0.name == metric } }
    }
}

/// Flat, with snake case, for scripts: the task's own metric under `score`, all metrics under `scores`, and those of
/// classification under their names too. Numbers that are not finite become null.
extension ComparisonReport.Row: Codable {
    enum CodingKeys: String, CodingKey {
        case task, arm, size, metric, mean, interval, score, scores, seeds, examples, skipped
        case scoreInterval = "score_interval"
        case scoreStanding = "score_standing"
        case unknownLabels = "unknown_labels"
        case accuracy
        case accuracyInterval = "accuracy_interval"
        case standing
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
        func write(
            _ score: ComparisonReport.NamedScore, _ value: CodingKeys, _ interval: CodingKeys, _ standing: CodingKeys
        ) throws {
            try box.encode(finite(score.estimate.value), forKey: value)
            try box.encode(
                score.estimate.interval.map { [finite($0.low), finite($0.high)] } as [Double?]?, forKey: interval)
            try box.encode(score.standing, forKey: standing)
        }
        try box.encode(
            size.map { task.hasSuffix("@\($0)") ? String(task.dropLast("@\($0)".count)) : task } ?? task, forKey: .task)
        try box.encode(arm, forKey: .arm)
        try box.encode(size, forKey: .size)
        try box.encode(metric, forKey: .metric)
        if let own = scores.first {
            try write(own, .score, .scoreInterval, .scoreStanding)
            // The same under the names that comparisons and means have
            try box.encode(finite(own.estimate.value), forKey: .mean)
            try box.encode(own.estimate.interval.map { [finite($0.low), finite($0.high)] }, forKey: .interval)
        }
        try box.encode(scores, forKey: .scores)
        if let accuracy = self["accuracy"] { try write(accuracy, .accuracy, .accuracyInterval, .standing) }
        if let macroF1 = self["macro_f1"] { try write(macroF1, .macroF1, .macroF1Interval, .macroF1Standing) }
        try box.encode(examples, forKey: .examples)
        try box.encode(unknownLabels, forKey: .unknownLabels)
        try box.encode(Skipped(count: skipped.values.reduce(0, +), reasons: skipped), forKey: .skipped)
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
        let size = try box.decodeIfPresent(Int.self, forKey: .size)
        self.init(
            task: try box.decode(String.self, forKey: .task) + (size.map { "@\($0)" } ?? ""),
            arm: try box.decode(String.self, forKey: .arm), size: size,
            scores: try box.decode([ComparisonReport.NamedScore].self, forKey: .scores),
            trainableParameters: try box.decode(Int.self, forKey: .trainableParameters),
            bytesPerExtraTask: try box.decodeIfPresent(Int.self, forKey: .bytesPerExtraTask),
            tokensPerSecond: try box.decodeIfPresent(Double.self, forKey: .tokensPerSecond),
            trainingTokens: try box.decode(Int.self, forKey: .trainingTokens),
            cumulativeTokens: try box.decode(Int.self, forKey: .cumulativeTokens),
            learningRate: try box.decodeIfPresent(Double.self, forKey: .learningRate),
            seeds: try box.decode(Int.self, forKey: .seeds), examples: try box.decode(Int.self, forKey: .examples),
            unknownLabels: try box.decode(Int.self, forKey: .unknownLabels),
            skipped: try box.decode(Skipped.self, forKey: .skipped).reasons)
    }

    private struct Skipped: Codable {
        var count: Int
        var reasons: [String: Int]
    }
}

extension ComparisonReport.NamedScore: Codable {
    enum CodingKeys: String, CodingKey { case name, value, interval, standing }

    package func encode(to encoder: any Encoder) throws {
        var box = encoder.container(keyedBy: CodingKeys.self)
        func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
        try box.encode(name, forKey: .name)
        try box.encode(finite(estimate.value), forKey: .value)
        try box.encode(estimate.interval.map { [finite($0.low), finite($0.high)] }, forKey: .interval)
        try box.encode(standing, forKey: .standing)
    }

    package init(from decoder: any Decoder) throws {
        let box = try decoder.container(keyedBy: CodingKeys.self)
        let value = try box.decodeIfPresent(Double.self, forKey: .value) ?? .nan
        let ends = try box.decodeIfPresent([Double?].self, forKey: .interval)
        let interval = ends.flatMap { $0.count == 2 ? Interval($0[0] ?? .nan, $0[1] ?? .nan) : nil }
        self.init(
            try box.decode(String.self, forKey: .name), .init(value, interval),
            try box.decodeIfPresent(ComparisonReport.Standing.self, forKey: .standing))
    }
}
