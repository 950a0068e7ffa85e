import Tasks

/// Scores of predictions on one split.
package struct Evaluation: Sendable, Equatable {
    /// Examples that were scored; those whose label the head does not know count among them, as wrong.
    package var examples = 0
    /// Examples whose label the head does not know.
    package var unknownLabels = 0
    /// Name of the task's own metric; empty where nothing is classified.
    package var metric = ""
    /// All metrics by name.
    package var metrics: [String: Double] = [:]
    /// Mean cross-entropy of the examples whose label the head knows: for the others it is infinite. NaN where there
    /// are none.
    package var loss = Double.nan
    /// What decides between states of a training, larger is better: the task's own metric.
    package var score = 0.0
    /// Class of each example, in order.
    package var predictions: [Int] = []

    package init() {}

    /// Scores classes.
    /// - Parameters:
    ///   - predicted: a class of each example
    ///   - gold: the true ones; examples without one are not scored
    ///   - losses: of each example; those of unknown labels are not used
    ///   - metric: the task's own
    package init(predicted: [Int], gold: GoldLabels, losses: [Double], metric: any Metric.Type) {
        let answers = gold.answers(predicted)
        let counts = ClassCounts(predicted: answers.predicted, gold: answers.gold, classes: answers.classes)
        examples = counts.total
        unknownLabels = gold.unknown
        self.metric = metric.name
        for each in Metrics.standard.metrics { metrics[each.name] = each.value(counts) }
        score = metric.value(counts)
        predictions = predicted
        var (sum, known) = (0.0, 0)
        for (loss, c) in zip(losses, gold.classes) where c.map({ $0 < gold.known }) ?? false {
            sum += loss
            known += 1
        }
        if known > 0 { loss = sum / Double(known) }
    }

    package var accuracy: Double { metrics[Accuracy.name] ?? .nan }
    package var macroF1: Double { metrics[MacroF1.name] ?? .nan }

    /// Names of the metrics to show, the task's own first, then accuracy and macro-F1.
    package var shown: [String] {
        metrics.isEmpty ? [] : [metric] + [Accuracy.name, MacroF1.name].filter { $0 != metric }
    }
}
