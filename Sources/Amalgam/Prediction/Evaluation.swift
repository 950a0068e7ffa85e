import Files
import Foundation
import Tasks
import Training

/// An interval that covers a value with 95 % confidence: the percentile bootstrap over examples, or over groups of examples
/// if they have groups (Efron 1979; Field & Welsh 2007).
public struct Interval: Sendable, Equatable {
    /// The lower end.
    public var low: Double
    /// The upper end.
    public var high: Double

    /// Whether 0 is outside; for a difference, whether it is distinguishable from noise.
    public var excludesZero: Bool { low > 0 || high < 0 }
}

/// Scores of a head on a split.
public struct Evaluation: Sendable {
    /// A metric's value.
    public struct Score: Sendable, Equatable {
        /// The metric's name: `accuracy`, `entity_f1`, `pearson`, ….
        public var name: String
        /// Its value; NaN if it is undefined, as a correlation with a constant is.
        public var value: Double
        /// Its 95 % interval; nil if it is undefined.
        public var interval: Interval?
        /// Whether smaller values are better, as for errors.
        public var isLowerBetter: Bool
    }

    /// Scores of one class, entity type or tag against all others.
    public struct ClassScore: Sendable, Equatable {
        /// The class.
        public var label: String
        /// The share of right answers among those predicted as the class; 0 if there are none.
        public var precision: Double
        /// The share of the class's examples that were found; 0 if there are none.
        public var recall: Double
        /// The harmonic mean of precision and recall.
        public var f1: Double
        /// Examples of the class.
        public var support: Int
        /// Predictions of the class.
        public var predicted: Int
        /// Whether the head knows it.
        public var isKnown: Bool
    }

    let stored: SplitEvaluation
    let definition: TaskDefinition
    let rowsSkipped: [SkippedRow]

    /// What the bundle's fusions attend to (``Predictor/attention(on:split:)``); if it is set, ``report`` shows it. Default nil.
    public var attention: AttentionMap?
    /// How the score holds on changed texts (``Predictor/robustness(of:to:seed:)``); if it is set, ``report`` and ``values`` have
    /// it. Default nil.
    public var robustness: Robustness?

    /// The split that was scored.
    public let split: Split
    /// What messages call the bundle: its file, or its name.
    public let bundle: String
    /// The model's name.
    public let model: String
    /// What a user should know of these scores.
    public let warnings: [Warning]

    /// - Parameters:
    ///   - data: of the task, with the split.
    ///   - bundle: what messages call it.
    ///   - model: its name.
    init(
        _ stored: SplitEvaluation, of data: TaskData, split: Split, bundle: String, model: String, warnings: [Warning]
    ) {
        self.stored = stored
        definition = data.definition
        rowsSkipped = data.skipped[split.stored] ?? []
        self.split = split
        self.bundle = bundle
        self.model = model
        self.warnings = warnings
    }

    /// The task's name.
    public var task: String { definition.name }
    /// The kind of task.
    public var kind: TextTask.Kind { TextTask.Kind(rawValue: definition.kind) ?? .classification }

    /// Rows that were not scored because they have no label, or an unknown one that is skipped.
    public var skipped: Int { rowsSkipped.count }
    /// How many rows were skipped for each reason: `empty label`, `null label`, `missing label`, `unknown label`.
    public var skippedByReason: [String: Int] {
        Dictionary(uniqueKeysWithValues: rowsSkipped.counts.map { ($0.key.rawValue, $0.value) })
    }

    /// Scored examples. Those with a label that the head does not know are among them and count as wrong.
    public var examples: Int { stored.scores.examples }
    /// Scored examples with a label that the head does not know.
    public var unknownLabels: Int { stored.scores.unknownLabels }
    /// Texts that were predicted in a second, on this machine; the scores are computed apart.
    public var textsPerSecond: Double {
        Double(stored.predicted.examples.count) / max(stored.predicted.seconds, 1e-9)
    }
    /// Texts that were truncated.
    public var truncated: Int { stored.predicted.truncated }
    /// The name of the task's own metric.
    public var metric: String { stored.scores.metric }

    /// The task's own metric.
    public var score: Score { named(metric) }

    /// All metrics that fit the kind of task, the task's own first.
    public var scores: [Score] { stored.scores.scores.map { named($0.name) } }

    /// A metric's score; nil if the metric does not fit the kind of task.
    public subscript(metric: String) -> Score? {
        stored.scores.scores.contains { $0.name == metric } ? named(metric) : nil
    }

    private func named(_ name: String) -> Score {
        Score(
            name: name, value: stored.scores[name], interval: interval(name),
            isLowerBetter: Metrics.standard[name]?.isLowerBetter ?? true)
    }

    private func interval(_ name: String) -> Interval? {
        stored.intervals[name].flatMap { $0.low.isNaN ? nil : Interval(low: $0.low, high: $0.high) }
    }

    /// The mean loss of the examples whose answer the head knows: cross-entropy in nats, or squared error; NaN if there
    /// are none.
    public var loss: Score {
        Score(name: "loss", value: stored.scores.loss, interval: interval("loss"), isLowerBetter: true)
    }

    /// Scores by class; by entity type or tag in tagging; empty for numbers.
    public var classes: [ClassScore] {
        (stored.rows.groups?.scores ?? []).map {
            ClassScore(
                label: $0.label, precision: $0.precision, recall: $0.recall, f1: $0.f1, support: $0.support,
                predicted: $0.predicted, isKnown: $0.isKnown)
        }
    }

    /// How often each class was predicted for each true one: `counts[true][predicted]` in the order of `labels`; nil for
    /// tags and numbers.
    public var confusion: (labels: [String], counts: [[Int]])? {
        stored.rows.confusion.map { $0.part(Array($0.labels.indices)) }
    }

    /// Writes every scored example with its true and predicted answer, the largest error first. The lines go to the file in
    /// portions of 64 KiB; they are never in memory together.
    /// - Parameter file: `.csv` for CSV, any other name for JSON Lines; replaced whole or not at all.
    /// - Throws: ``AmalgamError/Kind/unwritableFile``.
    public func writePredictions(to file: URL) throws(AmalgamError) {
        let asCSV = file.pathExtension.lowercased() == "csv"
        try translated {
            try AtomicFile.replace(file) { (write) throws(FileError) in
                var lines = Data()
                func flush() throws(FileError) {
                    try lines.withBytes { (bytes) throws(FileError) in try write(bytes) }
                    lines.removeAll(keepingCapacity: true)
                }
                try stored.rows.write(asCSV: asCSV) { (line: String) throws(FileError) in
                    lines.append(contentsOf: line.utf8)
                    if lines.count >= 1 << 16 { try flush() }
                }
                try flush()
            }
        }
    }

    /// How much a metric differs from another system's on the same examples, with the interval of the difference: paired,
    /// so that it is narrower than those of the two scores.
    /// - Parameters:
    ///   - other: Of the same split of the same task.
    ///   - metric: Nil for the task's own.
    ///   - seed: Of the resamples, 0 or more.
    /// - Returns: This value minus the other's.
    /// - Throws: ``AmalgamError/Kind/option`` for other examples, or a metric that does not fit.
    public func difference(
        from other: Evaluation, metric: String? = nil, seed: Int = 0
    ) throws(AmalgamError) -> Score {
        try translated {
            let name = metric ?? self.metric
            let (mine, theirs) = (stored.predicted, other.stored.predicted)
            let rows = mine.scored.map { mine.examples[$0] }
            let others = theirs.scored.map { theirs.examples[$0] }
            guard rows.count == others.count, zip(rows, others).allSatisfy({ $0.text == $1.text && $0.pair == $1.pair })
            else {
                throw TrainingError.setting(
                    name: "other", found: "\(others.count) examples of \(other.task)",
                    expected: "the \(rows.count) examples of \(task) that were scored here")
            }
            guard let type = Metrics.standard[name], type.fits(mine.answers), type.fits(theirs.answers), seed >= 0
            else {
                throw TrainingError.setting(
                    name: "metric", found: name, expected: scores.map(\.name).joined(separator: ", "))
            }
            let bootstrap = ClusteredBootstrap([rows.map(\.group)], seed: UInt64(seed))
            let a = bootstrap.scores(type, [mine.answers])[0]
            let b = bootstrap.scores(type, [theirs.answers])[0]
            let interval = (a - b).interval()
            return Score(
                name: name, value: interval.value,
                interval: interval.low.isNaN || !Bootstrap.hasEnough(rows.map(\.group))
                    ? nil : Interval(low: interval.low, high: interval.high),
                isLowerBetter: type.isLowerBetter)
        }
    }
}
