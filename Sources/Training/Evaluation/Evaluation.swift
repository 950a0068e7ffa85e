import Models
import Tasks

/// Scores of predictions on one split.
package struct Evaluation: Sendable {
    /// A metric's value by its name.
    package struct Score: Sendable, Equatable {
        package var name: String
        /// NaN if the metric is undefined, as the correlation with a constant.
        package var value: Double

        package init(_ name: String, _ value: Double) {
            self.name = name
            self.value = value
        }
    }

    /// Number of scored examples; those with a label that the head does not know count among them, as wrong.
    package var examples = 0
    /// Number of scored examples with a label that the head does not know.
    package var unknownLabels = 0
    /// Every metric that fits the answers, the task's own first; empty for objectives without answers.
    package var scores: [Score] = []
    /// Mean loss of the examples whose answer the head knows. NaN if there are none.
    package var loss = Double.nan
    /// What decides between the epochs of a training. Larger is better: the task's own metric, negated if smaller values
    /// are better, and −∞ if it is undefined.
    package var score = 0.0
    /// The predictions, with the true answers; nil for objectives without answers.
    package var answers: (any Answers)?

    package init() {}

    /// Scores answers.
    /// - Parameters:
    ///   - unknownLabels: answered examples with a label that the head does not know
    ///   - loss: the mean over the examples whose answer the head knows
    ///   - metric: the task's own
    package init(_ answers: any Answers, unknownLabels: Int = 0, loss: Double, metric: any Metric.Type) {
        examples = answers.count
        self.unknownLabels = unknownLabels
        self.loss = loss
        self.answers = answers
        let others = Metrics.standard.fitting(answers).filter { $0.name != metric.name }
        scores = ([metric] + others).map { Score($0.name, $0.value(ofAny: answers)) }
        score = metric.criterion(scores[0].value)
    }

    /// Scores what a head predicted.
    /// - Parameters:
    ///   - column: the head's targets
    ///   - metric: the task's own
    init(_ results: HeadResults, _ column: any TargetColumn, metric: any Metric.Type) {
        let answers = column.answers(results)
        self.init(answers.answers, unknownLabels: answers.unknown, loss: results.meanLoss, metric: metric)
    }

    /// Name of the task's own metric; empty for objectives without answers.
    package var metric: String { scores.first?.name ?? "" }

    /// The value of a metric; NaN if there is none of this name.
    package subscript(name: String) -> Double { scores.first { $0.name == name }?.value ?? .nan }

    /// All metrics by name.
    package var metrics: [String: Double] {
        Dictionary(scores.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    /// Names of the metrics to show, the task's own first.
    package var shown: [String] {
        guard let answers, let own = Metrics.standard[metric] else { return [] }
        return Metrics.standard.displayed(answers, own: own).map { $0.name }
    }
}

extension Evaluation: Equatable {
    package static func == (a: Evaluation, b: Evaluation) -> Bool {
        func bits(_ evaluation: Evaluation) -> [UInt64] {
            (evaluation.scores.map(\.value) + [evaluation.loss, evaluation.score]).map(\.bitPattern)
        }
        return a.examples == b.examples && a.unknownLabels == b.unknownLabels
            && a.scores.map(\.name) == b.scores.map(\.name) && bits(a) == bits(b)
            && a.answers.map(AnswerForms.text) == b.answers.map(AnswerForms.text)
    }
}
