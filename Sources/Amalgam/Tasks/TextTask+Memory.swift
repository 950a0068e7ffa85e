import Tasks

/// Tasks from values in memory.
extension TextTask {
    /// A task of texts with a class each.
    /// - Parameters:
    ///   - name: Of the task; bundles and scores carry it.
    ///   - train: What to learn from; may be empty if the task is only scored.
    ///   - dev: What decides which epoch is kept; empty for none.
    ///   - test: What is reported; empty for none.
    ///   - labels: All classes in order; nil for those of `train`, sorted.
    ///   - metric: `accuracy` (default), `macro_f1`, `micro_f1`, `weighted_f1` or `matthews`.
    /// - Throws: ``AmalgamError/Kind/option`` for an unknown metric or too few labels.
    public static func classification(
        name: String, train: [ClassificationExample], dev: [ClassificationExample] = [],
        test: [ClassificationExample] = [], labels: [String]? = nil, metric: String? = nil
    ) throws(AmalgamError) -> TextTask {
        func rows(_ examples: [ClassificationExample]) -> [[String: FieldValue]] {
            examples.map { grouped(["text": .string($0.text), "label": .string($0.label)], $0.group) }
        }
        return try TextTask(
            name, kind: TextClassification.self,
            splits: [(.train, rows(train)), (.dev, rows(dev)), (.test, rows(test))], labels: labels, metric: metric)
    }

    /// A task of pairs of texts with a class each.
    /// - Parameters:
    ///   - name: Of the task.
    ///   - train: What to learn from.
    ///   - dev: What decides which epoch is kept.
    ///   - test: What is reported.
    ///   - labels: All classes in order; nil for those of `train`, sorted.
    ///   - metric: As for ``classification(name:train:dev:test:labels:metric:)``.
    /// - Throws: ``AmalgamError/Kind/option`` for an unknown metric or too few labels.
    public static func pairClassification(
        name: String, train: [PairExample], dev: [PairExample] = [], test: [PairExample] = [],
        labels: [String]? = nil, metric: String? = nil
    ) throws(AmalgamError) -> TextTask {
        func rows(_ examples: [PairExample]) -> [[String: FieldValue]] {
            examples.map {
                grouped(
                    ["text_a": .string($0.first), "text_b": .string($0.second), "label": .string($0.label)], $0.group)
            }
        }
        return try TextTask(
            name, kind: TextPairClassification.self,
            splits: [(.train, rows(train)), (.dev, rows(dev)), (.test, rows(test))], labels: labels, metric: metric)
    }

    /// A task of words with a tag each.
    /// - Parameters:
    ///   - name: Of the task.
    ///   - train: What to learn from.
    ///   - dev: What decides which epoch is kept.
    ///   - test: What is reported.
    ///   - labels: All tags in order; nil for those of `train`, sorted.
    ///   - metric: `entity_f1` (default for tags with prefixes) or `token_accuracy`.
    /// - Throws: ``AmalgamError/Kind/option`` for an unknown metric or too few labels.
    public static func tagging(
        name: String, train: [TaggingExample], dev: [TaggingExample] = [], test: [TaggingExample] = [],
        labels: [String]? = nil, metric: String? = nil
    ) throws(AmalgamError) -> TextTask {
        func rows(_ examples: [TaggingExample]) -> [[String: FieldValue]] {
            examples.map {
                grouped(
                    [
                        "tokens": .list($0.words.map { .string($0) }),
                        "tags": .list($0.tags.map { .string($0) }),
                    ], $0.group)
            }
        }
        return try TextTask(
            name, kind: Tagging.self, splits: [(.train, rows(train)), (.dev, rows(dev)), (.test, rows(test))],
            labels: labels, metric: metric)
    }

    /// A task of texts, or pairs, with numbers.
    /// - Parameters:
    ///   - name: Of the task.
    ///   - train: What to learn from.
    ///   - dev: What decides which epoch is kept.
    ///   - test: What is reported.
    ///   - metric: `pearson` (default), `spearman`, `mse` or `mae`.
    /// - Throws: ``AmalgamError/Kind/option`` for an unknown metric.
    public static func regression(
        name: String, train: [RegressionExample], dev: [RegressionExample] = [], test: [RegressionExample] = [],
        metric: String? = nil
    ) throws(AmalgamError) -> TextTask {
        func rows(_ examples: [RegressionExample]) -> [[String: FieldValue]] {
            examples.map { example in
                let numbers = example.values.map { $0.map { FieldValue.number($0) } ?? .null }
                var row: [String: FieldValue] = ["score": numbers.count == 1 ? numbers[0] : .list(numbers)]
                if let second = example.second {
                    row["text_a"] = .string(example.text)
                    row["text_b"] = .string(second)
                } else {
                    row["text"] = .string(example.text)
                }
                return grouped(row, example.group)
            }
        }
        return try TextTask(
            name, kind: Regression.self, splits: [(.train, rows(train)), (.dev, rows(dev)), (.test, rows(test))],
            labels: nil, metric: metric)
    }

    private static func grouped(_ row: [String: FieldValue], _ group: String?) -> [String: FieldValue] {
        guard let group else { return row }
        return row.merging(["group": .string(group)]) { $1 }
    }
}
