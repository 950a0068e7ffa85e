import Adapters
import Bundles
import Files
import Reporting
import Tasks
import Training

/// What `evaluate` prints about a split: as JSON, and as a report.
struct EvaluationOutput {
    let task: TaskDefinition
    let split: Split
    let skipped: [SkippedRow]
    let evaluation: SplitEvaluation
    let bundle: String
    let model: String

    var json: [String: ConfigurationValue] {
        let scores = evaluation.scores
        var json: [String: ConfigurationValue] = [
            "task": .string(task.name), "kind": .string(task.kind), "split": .string(split.rawValue),
            "examples": .init(scores.examples), "skipped": skipped.json, "unknown_labels": .init(scores.unknownLabels),
            "metric": .string(scores.metric),
            "metrics": .map(
                scores.metrics.mapValues { .number($0) }.merging(["loss": .number(scores.loss)]) { $1 }),
            "intervals": .map(evaluation.intervals.mapValues { .list([.number($0.low), .number($0.high)]) }),
            "bundle": .string(bundle),
        ]
        switch evaluation.details {
        case .classes(let details):
            json["per_class"] = details.classes.json
            json["confusion"] = details.confusion.json
        case .tags(let details):
            json[details.readsEntities ? "per_entity" : "per_tag"] = details.groups.json
            json["truncated"] = .init(evaluation.predicted.truncated)
        case .numbers: json["truncated"] = .init(evaluation.predicted.truncated)
        }
        return json
    }

    var report: EvaluationReport {
        let scores = evaluation.scores
        let shown = scores.shown
        var list = (shown + scores.scores.map(\.name).filter { isMeaningful($0) && !shown.contains($0) }).map { name in
            EvaluationReport.Score(
                name, scores[name], interval(name), isShare: Metrics.standard[name]?.isShare ?? true,
                isHeadline: shown.contains(name))
        }
        list.append(.init("loss", scores.loss, interval("loss"), isShare: false))
        var report = EvaluationReport(
            task: task.name, split: split.rawValue, examples: scores.examples, unknownLabels: scores.unknownLabels,
            skipped: SkipReason.allCases.compactMap { reason in
                skipped.counts[reason].map { .init(reason.rawValue, $0) }
            },
            scores: list, classes: [], mistakes: [],
            settings: [
                Setting("bundle", bundle), Setting("model", model), Setting("task", task.source),
                Setting("kind", task.kind), Setting("metric", scores.metric),
            ])
        switch evaluation.details {
        case .classes(let details): report.add(details)
        case .tags(let details): report.add(details, truncated: evaluation.predicted.truncated)
        case .numbers(let details): report.add(details)
        }
        return report
    }

    private func isMeaningful(_ name: String) -> Bool {
        Metrics.standard[name]?.isMeaningful(forAny: evaluation.predicted.answers) ?? false
    }

    private func interval(_ name: String) -> Reporting.Interval? {
        evaluation.intervals[name].map { .init($0.low, $0.high) }
    }
}

extension EvaluationReport {
    /// Errors that a report lists at most.
    private static let mostMistakes = 30

    fileprivate mutating func add(_ details: ClassDetails) {
        classes = details.classes.rows
        matrix = Self.matrix(details.confusion)
        confusions = details.confusion.confusions(most: 20).map {
            .init(gold: $0.gold, predicted: $0.predicted, count: $0.count)
        }
        mistakes = details.worstFirst.lazy.filter { !details.isRight($0) }.prefix(Self.mostMistakes).map { place in
            .init(
                line: details.line(place), gold: details.gold.names[details.gold(place)],
                predicted: details.gold.names[details.predicted(place)],
                measure: Double(details.goldProbability(place)), text: details.example(place).shown)
        }
    }

    fileprivate mutating func add(_ details: TagDetails, truncated: Int) {
        classes = details.groups.rows
        classNoun = details.readsEntities ? "entity type" : "tag"
        self.truncated = truncated
        mistakeMeasure = "wrong words"
        mistakeOrder = "Most wrong words first"
        mistakes = details.worstFirst.lazy.filter { details.errors($0) > 0 }.prefix(Self.mostMistakes).map { place in
            .init(
                line: details.line(place), gold: details.gold(place).joined(separator: " "),
                predicted: details.predicted(place).joined(separator: " "), measure: Double(details.errors(place)),
                text: details.example(place).text)
        }
    }

    fileprivate mutating func add(_ details: NumberDetails) {
        mistakeMeasure = "error"
        mistakeOrder = "Largest absolute error first"
        func text(_ values: [Double?]) -> String {
            values.map { $0.map { Human.score($0) } ?? Human.missing }.joined(separator: ", ")
        }
        mistakes = details.worstFirst.prefix(Self.mostMistakes).map { place in
            .init(
                line: details.line(place), gold: text(details.gold(place)), predicted: text(details.predicted(place)),
                measure: details.error(place), text: details.example(place).shown)
        }
    }

    /// All classes if a picture can show them, else those with the most errors.
    private static func matrix(_ confusion: ConfusionMatrix) -> HeatMap {
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
}

extension Example {
    /// The text, or both texts of a pair.
    fileprivate var shown: String { pair.map { "\(text) | \($0)" } ?? text }
}

extension ConfusionMatrix {
    /// Square: the columns of labels that the head does not know are 0.
    fileprivate var json: ConfigurationValue {
        let (labels, counts) = part(Array(labels.indices))
        return .map([
            "labels": .list(labels.map { .string($0) }),
            "counts": .list(counts.map { .list($0.map { .init($0) }) }),
        ])
    }
}

extension [ClassScore] {
    fileprivate var json: ConfigurationValue {
        .list(
            map {
                .map([
                    "label": .string($0.label), "precision": .number($0.precision), "recall": .number($0.recall),
                    "f1": .number($0.f1), "support": .init($0.support), "predicted": .init($0.predicted),
                    "known": .bool($0.isKnown),
                ])
            })
    }

    fileprivate var rows: [EvaluationReport.ClassRow] {
        map {
            .init(
                label: $0.label, precision: $0.precision, recall: $0.recall, f1: $0.f1, support: $0.support,
                predicted: $0.predicted, isKnown: $0.isKnown)
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
