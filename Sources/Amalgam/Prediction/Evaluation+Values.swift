import Tasks
import Training

extension Evaluation {
    /// All scores as one value, with the fields that `amalgam evaluate --json` prints.
    ///
    /// `task`, `kind`, `split`, `examples`, `skipped` (`count`, and `reasons` with their counts), `unknown_labels`, `metric`,
    /// `metrics` by name with the loss, `intervals` (`[low, high]` by name), and `bundle`. Classes add `per_class` and
    /// `confusion`; tags `per_entity` or `per_tag`, and `truncated`; numbers `truncated`. A score that is undefined is NaN.
    public var values: SettingValue {
        let scores = stored.scores
        var values: [String: SettingValue] = [
            "task": .string(task), "kind": .string(definition.kind), "split": .string(split.rawValue),
            "examples": .init(examples),
            "skipped": ["count": .init(skipped), "reasons": .map(skippedByReason.mapValues { .init($0) })],
            "unknown_labels": .init(unknownLabels), "metric": .string(metric),
            "metrics": .map(scores.metrics.mapValues { .number($0) }.merging(["loss": .number(scores.loss)]) { $1 }),
            "intervals": .map(stored.intervals.mapValues { [.number($0.low), .number($0.high)] }),
            "bundle": .string(bundle),
        ]
        if let groups = stored.rows.groups { values[groups.field] = .list(classes.map(\.values)) }
        values["confusion"] = confusion.map { confusion in
            [
                "labels": .list(confusion.labels.map { .string($0) }),
                "counts": .list(confusion.counts.map { .list($0.map { .init($0) }) }),
            ]
        }
        if stored.rows.tellsTruncation { values["truncated"] = .init(truncated) }
        if let robustness {
            values["perturbations"] = robustness.values
            values["perturbations_skipped"] = .list(
                robustness.skipped.map { ["name": .string($0.name), "reason": .string($0.reason)] })
        }
        return .map(values)
    }
}

extension Evaluation.ClassScore {
    fileprivate var values: SettingValue {
        [
            "label": .string(label), "precision": .number(precision), "recall": .number(recall), "f1": .number(f1),
            "support": .init(support), "predicted": .init(predicted), "known": .bool(isKnown),
        ]
    }
}
