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
            examples.map {
                row(
                    ["text": .string($0.text)].merging(target($0.label, $0.labelProbabilities)) { $1 }, $0.weight,
                    $0.group)
            }
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
                row(
                    ["text_a": .string($0.first), "text_b": .string($0.second)]
                        .merging(target($0.label, $0.labelProbabilities)) { $1 }, $0.weight, $0.group)
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
                row(
                    [
                        "tokens": .list($0.words.map { .string($0) }),
                        "tags": .list($0.tags.map { .string($0) }),
                    ], $0.weight, $0.group)
            }
        }
        return try TextTask(
            name, kind: Tagging.self, splits: [(.train, rows(train)), (.dev, rows(dev)), (.test, rows(test))],
            labels: labels, metric: metric)
    }

    /// A task of sentences with dependency trees.
    /// - Parameters:
    ///   - name: Of the task.
    ///   - train: What to learn from.
    ///   - dev: What decides which epoch is kept.
    ///   - test: What is reported.
    ///   - labels: All labels of arcs in order; nil for those of `train`, sorted.
    ///   - metric: `las` (default) or `uas`.
    /// - Throws: ``AmalgamError/Kind/option`` for an unknown metric or too few labels.
    public static func parsing(
        name: String, train: [ParsingExample], dev: [ParsingExample] = [], test: [ParsingExample] = [],
        labels: [String]? = nil, metric: String? = nil
    ) throws(AmalgamError) -> TextTask {
        func rows(_ examples: [ParsingExample]) -> [[String: FieldValue]] {
            examples.map {
                row(
                    [
                        "tokens": .list($0.words.map { .string($0) }),
                        "heads": .list($0.arcs.map { .integer($0.head) }),
                        "deprels": .list($0.arcs.map { .string($0.label) }),
                    ], $0.weight, $0.group)
            }
        }
        return try TextTask(
            name, kind: DependencyParsing.self,
            splits: [(.train, rows(train)), (.dev, rows(dev)), (.test, rows(test))], labels: labels, metric: metric)
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
        try TextTask(
            name, kind: Regression.self, splits: [(.train, rows(train)), (.dev, rows(dev)), (.test, rows(test))],
            labels: nil, metric: metric)
    }

    /// A task of texts, or pairs, with any number of labels each.
    /// - Parameters:
    ///   - name: Of the task.
    ///   - train: What to learn from.
    ///   - dev: What decides which epoch is kept, and from which probability on each label is given.
    ///   - test: What is reported.
    ///   - labels: All labels in order; nil for those of `train`, sorted.
    ///   - metric: `micro_f1` (default), `macro_f1`, `weighted_f1` or `subset_accuracy`.
    /// - Throws: ``AmalgamError/Kind/option`` for an unknown metric or too few labels.
    public static func multiLabel(
        name: String, train: [LabelSetExample], dev: [LabelSetExample] = [], test: [LabelSetExample] = [],
        labels: [String]? = nil, metric: String? = nil
    ) throws(AmalgamError) -> TextTask {
        func rows(_ examples: [LabelSetExample]) -> [[String: FieldValue]] {
            examples.map { example in
                var fields = texts(example.text, example.second)
                fields["labels"] = .list(example.labels.map { .string($0) })
                return row(fields, example.weight, example.group)
            }
        }
        return try TextTask(
            name, kind: MultiLabelClassification.self,
            splits: [(.train, rows(train)), (.dev, rows(dev)), (.test, rows(test))], labels: labels, metric: metric)
    }

    /// A task of questions with choices.
    /// - Parameters:
    ///   - name: Of the task.
    ///   - train: What to learn from.
    ///   - dev: What decides which epoch is kept.
    ///   - test: What is reported.
    /// - Throws: ``AmalgamError/Kind/option`` for an empty name.
    public static func multipleChoice(
        name: String, train: [ChoiceExample], dev: [ChoiceExample] = [], test: [ChoiceExample] = []
    ) throws(AmalgamError) -> TextTask {
        func rows(_ examples: [ChoiceExample]) -> [[String: FieldValue]] {
            examples.map { example in
                var fields: [String: FieldValue] = [
                    "question": .string(example.question), "choices": .list(example.choices.map { .string($0) }),
                    "answer": .integer(example.answer),
                ]
                fields["context"] = example.context.map { .string($0) }
                return row(fields, example.weight, example.group)
            }
        }
        return try TextTask(
            name, kind: MultipleChoice.self, splits: [(.train, rows(train)), (.dev, rows(dev)), (.test, rows(test))],
            labels: nil, metric: nil)
    }

    private static func texts(_ first: String, _ second: String?) -> [String: FieldValue] {
        second.map { ["text_a": .string(first), "text_b": .string($0)] } ?? ["text": .string(first)]
    }

    /// A task of questions about contexts.
    /// - Parameters:
    ///   - name: Of the task.
    ///   - train: What to learn from.
    ///   - dev: What decides which epoch is kept, and when a question has no answer.
    ///   - test: What is reported.
    ///   - metric: `qa_f1` (default) or `exact_match`.
    /// - Throws: ``AmalgamError/Kind/option`` for an unknown metric.
    public static func questionAnswering(
        name: String, train: [QuestionExample], dev: [QuestionExample] = [], test: [QuestionExample] = [],
        metric: String? = nil
    ) throws(AmalgamError) -> TextTask {
        func rows(_ examples: [QuestionExample]) -> [[String: FieldValue]] {
            examples.map { example in
                row(
                    [
                        "context": .string(example.context), "question": .string(example.question),
                        "answers": .list(
                            example.answers.map { .object(["text": .string($0.text), "start": .integer($0.start)]) }),
                    ], example.weight, example.group)
            }
        }
        return try TextTask(
            name, kind: QuestionAnswering.self,
            splits: [(.train, rows(train)), (.dev, rows(dev)), (.test, rows(test))], labels: nil, metric: metric)
    }

    /// A task of queries and the documents that answer them. The documents of a split's examples are what its queries are answered
    /// from.
    /// - Parameters:
    ///   - name: Of the task.
    ///   - train: What to learn from.
    ///   - dev: What decides which epoch is kept.
    ///   - test: What is reported.
    ///   - metric: `ndcg_at_10` (default), `recall_at_10`, `mrr` or `accuracy_at_1`.
    /// - Throws: ``AmalgamError/Kind/option`` for an unknown metric.
    public static func retrieval(
        name: String, train: [RetrievalExample], dev: [RetrievalExample] = [], test: [RetrievalExample] = [],
        metric: String? = nil
    ) throws(AmalgamError) -> TextTask {
        func rows(_ examples: [RetrievalExample]) -> [[String: FieldValue]] {
            examples.map { example in
                var fields: [String: FieldValue] = [
                    "query": .string(example.query), "document": .list(example.relevant.map { .string($0) }),
                ]
                if !example.irrelevant.isEmpty { fields["negatives"] = .list(example.irrelevant.map { .string($0) }) }
                return row(fields, example.weight, example.group)
            }
        }
        return try TextTask(
            name, kind: Retrieval.self, splits: [(.train, rows(train)), (.dev, rows(dev)), (.test, rows(test))],
            labels: nil, metric: metric)
    }

    /// A task of mentions and the entities that they stand for.
    /// - Parameters:
    ///   - name: Of the task.
    ///   - train: What to learn from; each with its entity.
    ///   - dev: What decides which epoch is kept.
    ///   - test: What is reported.
    ///   - metric: `accuracy_at_1` (default), `mrr`, `recall_at_10` or `ndcg_at_10`.
    /// - Throws: ``AmalgamError/Kind/option`` for an unknown metric.
    public static func entityLinking(
        name: String, train: [EntityMention], dev: [EntityMention] = [], test: [EntityMention] = [],
        metric: String? = nil
    ) throws(AmalgamError) -> TextTask {
        try TextTask(
            name, kind: EntityLinking.self,
            splits: [(.train, train.map(\.fields)), (.dev, dev.map(\.fields)), (.test, test.map(\.fields))],
            labels: nil, metric: metric)
    }

    /// A task of pairs of texts and how similar they are.
    /// - Parameters:
    ///   - name: Of the task.
    ///   - train: What to learn from; each with a second text and one number.
    ///   - dev: What decides which epoch is kept.
    ///   - test: What is reported.
    ///   - metric: `spearman` (default), `pearson`, `mse` or `mae`.
    /// - Throws: ``AmalgamError/Kind/option`` for an unknown metric.
    public static func similarity(
        name: String, train: [RegressionExample], dev: [RegressionExample] = [], test: [RegressionExample] = [],
        metric: String? = nil
    ) throws(AmalgamError) -> TextTask {
        try TextTask(
            name, kind: SentenceSimilarity.self,
            splits: [(.train, rows(train)), (.dev, rows(dev)), (.test, rows(test))], labels: nil, metric: metric)
    }

    private static func rows(_ examples: [RegressionExample]) -> [[String: FieldValue]] {
        examples.map { example in
            let numbers = example.values.map { $0.map { FieldValue.number($0) } ?? .null }
            var fields = texts(example.text, example.second)
            fields["score"] = numbers.count == 1 ? numbers[0] : .list(numbers)
            return row(fields, example.weight, example.group)
        }
    }

    /// A task of documents with clusters of mentions that refer to the same thing.
    /// - Parameters:
    ///   - name: Of the task.
    ///   - train: What to learn from.
    ///   - dev: What decides which epoch is kept.
    ///   - test: What is reported.
    ///   - metric: `conll_f1` (default), `muc_f1`, `bcub_f1`, `ceafe_f1` or `ceafm_f1`.
    /// - Throws: ``AmalgamError/Kind/option`` for an unknown metric.
    public static func coreference(
        name: String, train: [CoreferenceExample], dev: [CoreferenceExample] = [], test: [CoreferenceExample] = [],
        metric: String? = nil
    ) throws(AmalgamError) -> TextTask {
        func rows(_ examples: [CoreferenceExample]) -> [[String: FieldValue]] {
            examples.map { example in
                row(
                    [
                        "sentences": .list(example.sentences.map { .list($0.map { .string($0) }) }),
                        "clusters": .list(
                            example.clusters.map { cluster in
                                .list(cluster.map { .list([.integer($0.first), .integer($0.last)]) })
                            }),
                    ], example.weight, example.group)
            }
        }
        return try TextTask(
            name, kind: Coreference.self, splits: [(.train, rows(train)), (.dev, rows(dev)), (.test, rows(test))],
            labels: nil, metric: metric)
    }

    /// A task of texts whose hidden tokens are predicted.
    /// - Parameters:
    ///   - name: Of the task.
    ///   - train: What to learn from; which tokens are hidden is drawn anew in each epoch.
    ///   - dev: What decides which epoch is kept.
    ///   - test: What is reported; which tokens are hidden follows from each text.
    ///   - metric: `perplexity` (default) or `masked_accuracy`.
    /// - Throws: ``AmalgamError/Kind/option`` for an unknown metric.
    public static func maskedLanguage(
        name: String, train: [String], dev: [String] = [], test: [String] = [], metric: String? = nil
    ) throws(AmalgamError) -> TextTask {
        func rows(_ texts: [String]) -> [[String: FieldValue]] { texts.map { ["text": .string($0)] } }
        return try TextTask(
            name, kind: MaskedLanguageModeling.self,
            splits: [(.train, rows(train)), (.dev, rows(dev)), (.test, rows(test))], labels: nil, metric: metric)
    }

    private static func row(_ fields: [String: FieldValue], _ weight: Double, _ group: String?) -> [String: FieldValue]
    {
        var row = fields
        if weight != 1 { row["weight"] = .number(weight) }
        if let group { row["group"] = .string(group) }
        return row
    }

    private static func target(_ label: String, _ probabilities: [String: Double]?) -> [String: FieldValue] {
        guard let probabilities else { return ["label": .string(label)] }
        return ["label_probabilities": .object(probabilities.mapValues { .number($0) })]
    }
}
