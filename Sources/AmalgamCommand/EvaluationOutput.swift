import Adapters
import Bundles
import Reporting
import Tasks
import Training

/// What `evaluate` says of a split: as JSON, and as a report.
struct EvaluationOutput {
    let task: TaskDefinition
    let split: Split
    let skipped: [SkippedRow]
    let evaluation: SplitEvaluation
    let bundle: String
    let model: String

    var json: [String: ConfigurationValue] {
        let scores = evaluation.scores
        return [
            "task": .string(task.name), "kind": .string(task.kind), "split": .string(split.rawValue),
            "examples": .init(scores.examples), "skipped": skipped.json, "unknown_labels": .init(scores.unknownLabels),
            "metric": .string(scores.metric),
            "metrics": .map(
                scores.metrics.mapValues { .number($0) }.merging(["loss": .number(scores.loss)]) { $1 }),
            "intervals": .map(evaluation.intervals.mapValues { .list([.number($0.low), .number($0.high)]) }),
            "bundle": .string(bundle),
            "per_class": .list(
                evaluation.classes.map {
                    .map([
                        "label": .string($0.label), "precision": .number($0.precision), "recall": .number($0.recall),
                        "f1": .number($0.f1), "support": .init($0.support), "predicted": .init($0.predicted),
                        "known": .bool($0.isKnown),
                    ])
                }),
            "confusion": confusion,
        ]
    }

    /// Square: the columns of labels that the head does not know are 0.
    private var confusion: ConfigurationValue {
        let (labels, counts) = evaluation.confusion.part(Array(evaluation.confusion.labels.indices))
        return .map([
            "labels": .list(labels.map { .string($0) }),
            "counts": .list(counts.map { .list($0.map { .init($0) }) }),
        ])
    }

    var report: EvaluationReport {
        let scores = evaluation.scores
        var list = (scores.shown + scores.metrics.keys.sorted().filter { !scores.shown.contains($0) }).map { name in
            EvaluationReport.Score(
                name, scores.metrics[name] ?? .nan, interval(name), isHeadline: scores.shown.contains(name))
        }
        list.append(.init("loss", scores.loss, interval("loss"), isShare: false))
        return EvaluationReport(
            task: task.name, split: split.rawValue, examples: scores.examples, unknownLabels: scores.unknownLabels,
            skipped: SkipReason.allCases.compactMap { reason in
                skipped.counts[reason].map { Setting(reason.rawValue, "\(Human.count($0))") }
            },
            scores: list,
            classes: evaluation.classes.map {
                .init(
                    label: $0.label, precision: $0.precision, recall: $0.recall, f1: $0.f1, support: $0.support,
                    predicted: $0.predicted, isKnown: $0.isKnown)
            },
            matrix: matrix,
            confusions: evaluation.confusion.confusions(most: 20).map {
                .init(gold: $0.gold, predicted: $0.predicted, count: $0.count)
            },
            mistakes: mistakes,
            settings: [
                Setting("bundle", bundle), Setting("model", model), Setting("task", task.source),
                Setting("kind", task.kind), Setting("metric", scores.metric),
            ])
    }

    private func interval(_ name: String) -> Reporting.Interval? {
        evaluation.intervals[name].map { .init($0.low, $0.high) }
    }

    /// All classes where a picture can show them, else those that take part in the most errors.
    private var matrix: HeatMap {
        let confusion = evaluation.confusion
        var chosen = Array(confusion.labels.indices)
        if chosen.count > EvaluationReport.mostClasses {
            var errors = [Int](repeating: 0, count: chosen.count)
            for (g, row) in confusion.counts.enumerated() {
                for (p, count) in row.enumerated() where p != g {
                    errors[g] += count
                    errors[p] += count
                }
            }
            chosen = chosen.sorted { (-errors[$0], $0) < (-errors[$1], $1) }
                .prefix(EvaluationReport.mostClasses).sorted()
        }
        let (labels, counts) = confusion.part(chosen)
        return HeatMap("True and predicted classes", labels: labels, counts: counts)
    }

    private var mistakes: [EvaluationReport.Mistake] {
        let gold = evaluation.gold
        return evaluation.worstFirst.lazy.filter { evaluation.predictions[$0].best != gold.classes[$0] }.prefix(30).map
        {
            i in
            let example = evaluation.examples[i]
            return .init(
                line: example.line, gold: gold.classes[i].map { gold.names[$0] } ?? "",
                predicted: gold.names[evaluation.predictions[i].best],
                goldProbability: evaluation.goldProbability(i) ?? 0,
                text: example.pair.map { "\(example.text) | \($0)" } ?? example.text)
        }
    }
}

extension [SkippedRow] {
    /// As `--json` and the run log have it.
    var json: ConfigurationValue {
        .map([
            "count": .init(count),
            "reasons": .map(
                Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, ConfigurationValue($0.value)) })),
        ])
    }
}
