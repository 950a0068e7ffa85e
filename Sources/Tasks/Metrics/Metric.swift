/// A score of predictions. A metric is one file and one line in `Metrics.builtIn`.
package protocol Metric: Sendable {
    associatedtype Sums: Statistics

    /// As in a task YAML's `metric` and in JSON.
    static var name: String { get }
    /// Whether smaller values are better, as for errors.
    static var isLowerBetter: Bool { get }
    /// Whether values lie in 0...1 (or −1...1 for correlations), so that tables may show them as shares.
    static var isShare: Bool { get }

    /// Whether reports show it beside the task's own metric.
    static var isShown: Bool { get }

    /// The score, or NaN if it is undefined.
    static func value(_ sums: Sums) -> Double
    /// Whether the metric scores answers of this form.
    static func fits(_ answers: any Answers) -> Bool
    /// Whether the score means something for these answers, as entities do only for tags with prefixes. Reports leave out
    /// other scores unless the task asks for them.
    static func isMeaningful(for answers: Sums.Given) -> Bool
}

extension Metric {
    package static var isLowerBetter: Bool { false }
    package static var isShare: Bool { true }
    package static var isShown: Bool { true }
    package static func isMeaningful(for answers: Sums.Given) -> Bool { true }

    /// The score of all answers.
    package static func value(of answers: Sums.Given) -> Double {
        var sums = Sums(for: answers)
        for i in 0..<Sums.count(of: answers) { sums.add(i, of: answers, times: 1) }
        return value(sums)
    }

    /// The score of all answers; NaN if the metric does not fit their form.
    package static func value(ofAny answers: any Answers) -> Double {
        given(answers).map { value(of: $0) } ?? .nan
    }

    package static func isMeaningful(forAny answers: any Answers) -> Bool {
        given(answers).map { isMeaningful(for: $0) } ?? false
    }

    package static func fits(_ answers: any Answers) -> Bool { answers is Sums.Given }

    /// The answers as its statistics take them, or nil if the metric does not fit them.
    private static func given(_ answers: any Answers) -> Sums.Given? { fits(answers) ? answers as? Sums.Given : nil }

    /// A value as a criterion of training: larger is better, and undefined is worst.
    package static func criterion(_ value: Double) -> Double {
        value.isNaN ? -.infinity : isLowerBetter ? -value : value
    }

    /// Statistics of no examples, or nil if the metric does not fit the answers.
    static func tally(_ answers: any Answers) -> (any Tally)? {
        given(answers).map { TypedTally<Sums>($0) }
    }

    /// Metrics with equal identifiers share their statistics.
    static var sumsID: ObjectIdentifier { ObjectIdentifier(Sums.self) }
}

/// The metrics by name. Duplicate names are refused.
package struct Metrics: Sendable {
    /// Every metric. A new one adds its line here.
    package static let builtIn: [any Metric.Type] = [
        Accuracy.self, MacroF1.self, MicroF1.self, WeightedF1.self, Matthews.self,
        SubsetAccuracy.self,
        EntityF1.self, TokenAccuracy.self, LabeledAttachment.self, UnlabeledAttachment.self,
        Pearson.self, Spearman.self, MeanSquaredError.self, MeanAbsoluteError.self,
        RecallAt10.self, MeanReciprocalRank.self, NDCGAt10.self, AccuracyAt1.self,
        ExpectedCalibrationError.self,
        AnswerF1.self, ExactMatch.self,
        CoNLLF1.self, MUCF1.self, BCubedF1.self, EntityCEAF.self, MentionCEAF.self,
        MaskedPerplexity.self, MaskedAccuracy.self,
    ]

    /// Names of those that fit kinds with one label per example, the default first.
    package static let classification = [
        Accuracy.name, MacroF1.name, MicroF1.name, WeightedF1.name, Matthews.name,
    ]

    /// Names of those that fit kinds with a set of labels per example, the default first.
    package static let multiLabel = [MicroF1.name, MacroF1.name, WeightedF1.name, SubsetAccuracy.name]

    /// The table of `builtIn`.
    package static let standard: Metrics = {
        do { return try Metrics(builtIn) } catch { preconditionFailure("\(error)") }
    }()

    package let metrics: [any Metric.Type]

    /// - Throws: `TaskError.duplicateName`
    package init(_ metrics: [any Metric.Type]) throws(TaskError) {
        if let name = firstDuplicate(metrics.map { $0.name }) {
            throw .duplicateName(registry: "metrics", name: name)
        }
        self.metrics = metrics
    }

    /// The metric of this name, or nil.
    package subscript(name: String) -> (any Metric.Type)? { metrics.first { $0.name == name } }

    package var names: [String] { metrics.map { $0.name } }

    /// The metrics that fit answers of this form, in the order of the table.
    package func fitting(_ answers: any Answers) -> [any Metric.Type] { metrics.filter { $0.fits(answers) } }

    /// The metrics to show for answers: the task's own first, then the others that are shown and mean something here.
    package func displayed(_ answers: any Answers, own: any Metric.Type) -> [any Metric.Type] {
        [own]
            + fitting(answers).filter {
                $0.isShown && $0.name != own.name && $0.isMeaningful(forAny: answers)
            }
    }

    /// The metric that a task asks for.
    /// - Throws: `TaskError.badValue`
    package func metric(of definition: TaskDefinition) throws(TaskError) -> any Metric.Type {
        if let metric = self[definition.metric] { return metric }
        throw .badValue(
            file: definition.source, line: 1, key: "metric", found: "'\(shown(definition.metric))'",
            expected: "one of \(names.joined(separator: ", "))")
    }
}
