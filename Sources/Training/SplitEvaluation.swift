import Files
import Tasks

/// A split's scores with all that stands behind them: intervals, classes, confusions, and each example's prediction.
package struct SplitEvaluation: Sendable {
    package let examples: [Example]
    package let predictions: [Prediction]
    package let gold: GoldLabels
    package let scores: Evaluation
    /// Of each metric and of `loss`, 95 %.
    package let intervals: [String: Interval]
    package let classes: [ClassScore]
    package let confusion: ConfusionMatrix

    /// - Parameters:
    ///   - labels: the head's
    ///   - metric: the task's own
    ///   - seed: of the intervals
    package init(
        _ examples: [Example], predictions: [Prediction], labels: [String], metric: any Metric.Type, seed: UInt64
    ) {
        self.examples = examples
        self.predictions = predictions
        let gold = GoldLabels(examples, names: labels)
        self.gold = gold
        let best = predictions.map(\.best)
        scores = Evaluation(predicted: best, gold: gold, losses: predictions.map(\.loss), metric: metric)
        let answers = gold.answers(best)
        classes = ClassScore.all(answers, gold)
        confusion = ConfusionMatrix(best, gold)
        let scored = gold.scored
        // Groups are resampled whole; without them this is the bootstrap over examples
        let bootstrap = ClusteredBootstrap([scored.map { examples[$0].group }], seed: seed)
        var intervals: [String: Interval] = [:]
        if !scored.isEmpty {
            let metrics = Metrics.standard.metrics
            for (each, cells) in zip(metrics, bootstrap.scores(metrics, [answers])) {
                intervals[each.name] = cells[0].interval()
            }
            let losses = scored.map { i in gold.classes[i].map { $0 < gold.known } == true ? predictions[i].loss : nil }
            if losses.contains(where: { $0 != nil }) { intervals["loss"] = bootstrap.mean(losses).interval() }
        }
        self.intervals = intervals
    }

    /// The probability of an example's true label; 0 where the head does not know it, nil where there is none.
    package func goldProbability(_ i: Int) -> Double? {
        gold.classes[i].map { $0 < gold.known ? Double(predictions[i].probabilities[$0]) : 0 }
    }

    /// Indices of the scored examples, the largest error first: by the true label's probability, lowest first.
    package var worstFirst: [Int] {
        gold.scored.map { (goldProbability($0) ?? 0, $0) }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map { $0.1 }
    }

    /// Every scored example with its true label and its prediction, the largest error first.
    /// - Parameters:
    ///   - asCSV: else as JSON Lines
    ///   - write: takes a line with its end
    package func writePredictions<Fault: Error>(
        asCSV: Bool, to write: (String) throws(Fault) -> Void
    ) throws(Fault) {
        let labels = gold.names.prefix(gold.known)
        let isPair = examples.contains { $0.pair != nil }
        if asCSV {
            let texts = isPair ? ["text_a", "text_b"] : ["text"]
            let header =
                ["line", "gold", "label", "correct", "gold_probability"] + texts + labels.map { "probability_\($0)" }
            try write(PredictionWriter.csv(header) + "\n")
        }
        let names = labels.map { JSONText.quoted($0) + ":" }
        for i in worstFirst {
            guard let c = gold.classes[i] else { continue }
            let (example, prediction) = (examples[i], predictions[i])
            let best = prediction.best
            let probability = JSONText.number(c < gold.known ? prediction.probabilities[c] : 0)
            let numbers = prediction.probabilities.map { JSONText.number($0) }
            if asCSV {
                let texts = isPair ? [example.text, example.pair ?? ""] : [example.text]
                try write(
                    PredictionWriter.csv(
                        [String(example.line), gold.names[c], gold.names[best], "\(best == c)", probability] + texts
                            + numbers) + "\n")
            } else {
                var text = "{\"line\":\(example.line),\"gold\":\(JSONText.quoted(gold.names[c])),\"label\":"
                text += JSONText.quoted(gold.names[best])
                text += ",\"correct\":\(best == c),\"gold_probability\":\(probability)"
                if isPair {
                    text += ",\"text_a\":\(JSONText.quoted(example.text))"
                    text += ",\"text_b\":\(JSONText.quoted(example.pair ?? ""))"
                } else {
                    text += ",\"text\":\(JSONText.quoted(example.text))"
                }
                text += ",\"probabilities\":{" + zip(names, numbers).map { $0 + $1 }.joined(separator: ",") + "}}\n"
                try write(text)
            }
        }
    }
}
