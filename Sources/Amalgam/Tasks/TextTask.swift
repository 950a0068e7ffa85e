import Foundation
import Tasks

/// A part of a task's data.
public enum Split: String, Sendable, CaseIterable {
    /// To learn from.
    case train
    /// To choose the epoch and settings on.
    case dev
    /// To report.
    case test

    var stored: Tasks.Split { Tasks.Split(rawValue: rawValue) ?? .train }
}

/// A task on text: its kind, examples, labels and metric.
///
/// The examples come from files or from memory; the same examples give the same bundle. They are read when they are
/// needed: ``summary()`` reads and checks them now.
public struct TextTask: Sendable {
    /// A kind of task.
    public enum Kind: String, Sendable, CaseIterable {
        /// One class for a text.
        case classification = "text-classification"
        /// One class for a pair of texts.
        case pairClassification = "text-pair-classification"
        /// A tag for each word.
        case tagging
        /// A dependency tree over the words.
        case parsing = "dependency-parsing"
        /// Numbers for a text or a pair of texts.
        case regression
        /// Any number of labels for a text or a pair of texts.
        case multiLabel = "multi-label-classification"
        /// One of several choices for a question.
        case multipleChoice = "multiple-choice"
        /// The answer to a question, which is a part of a context.
        case questionAnswering = "question-answering"
        /// How similar two texts are.
        case similarity = "sentence-similarity"
        /// The documents that answer a query.
        case retrieval
        /// The entity that a mention stands for.
        case entityLinking = "entity-linking"
        /// Clusters of mentions that refer to the same thing.
        case coreference
        /// The tokens that are hidden in a text.
        case maskedLanguage = "masked-language-modeling"
    }

    /// What happens to an example of a scored split whose label the head does not know.
    public enum UnknownLabelPolicy: Sendable {
        /// It counts as wrong.
        case countAsWrong
        /// It is skipped, and a warning says how many were.
        case skip
        /// It is an error, and so is an example without a label.
        case refuse

        var stored: UnknownLabels {
            switch self {
            case .countAsWrong: .count
            case .skip: .skip
            case .refuse: .refuse
            }
        }
    }

    let definition: TaskDefinition
    /// nil: the examples are in the definition's files.
    let rows: [Tasks.Split: RowTable]?

    /// What happens to examples with an unknown label when a split is scored; default ``UnknownLabelPolicy/countAsWrong``.
    public var unknownLabels = UnknownLabelPolicy.countAsWrong

    /// Reads a task's definition.
    /// - Parameter url: A task's YAML, or a folder with files named train, dev and test (.jsonl, .json, .csv, .tsv, .conll, .conllu, .deb822, .txt, each
    ///   also with .gz), whose kind follows from the first row.
    /// - Throws: ``AmalgamError``, naming the file, the line and the key.
    public init(contentsOf url: URL) throws(AmalgamError) {
        definition = try translated { try TaskDefinition.load(url) }
        rows = nil
    }

    /// - Parameters:
    ///   - splits: rows of each; empty ones do not exist.
    init(
        _ name: String, kind: any TaskKind.Type, splits: [(Split, [[String: FieldValue]])], labels: [String]?,
        metric: String?
    ) throws(AmalgamError) {
        func wrong(_ field: String, _ found: String, _ expected: String) -> AmalgamError {
            .make(
                .option, "task \(name): \(field): found \(found), expected \(expected)", field: field, found: found,
                expected: expected)
        }
        if name.isEmpty { throw wrong("name", "an empty name", "a name") }
        if let metric, !kind.metrics.contains(metric) {
            throw wrong("metric", metric, kind.metrics.joined(separator: ", "))
        }
        if let labels, Set(labels).count != labels.count || labels.count < kind.minimumLabels {
            throw wrong("labels", labels.joined(separator: ", "), "at least \(kind.minimumLabels) different labels")
        }
        var tables: [Tasks.Split: RowTable] = [:]
        for (split, values) in splits where !values.isEmpty {
            var table = RowTable()
            table.rows = values.enumerated().map { Row(line: $0 + 1, values: $1) }
            table.columns = values[0].keys.sorted()
            tables[split.stored] = table
        }
        let hasGroups = splits.contains { $0.1.contains { $0["group"] != nil } }
        var definition = TaskDefinition(
            name: name, kind: kind.name,
            // Not files: what tells the splits of one task from those of others
            data: Dictionary(uniqueKeysWithValues: tables.keys.map { ($0, "\(name)/\($0.rawValue)") }),
            fields: hasGroups ? ["group": "group"] : [:], labels: labels,
            metric: metric ?? kind.metrics.first ?? "accuracy", folder: URL(fileURLWithPath: "/"), source: name)
        definition.hasDefaultMetric = metric == nil
        self.definition = definition
        rows = tables
    }

    /// The task's name: of its YAML, its folder, or as it was given. Bundles, heads and scores carry it.
    public var name: String { definition.name }

    /// The kind of task.
    public var kind: Kind { Kind(rawValue: definition.kind) ?? .classification }

    /// The splits that it has.
    public var splits: [Split] { Split.allCases.filter { definition.data[$0.stored] != nil } }

    /// The file of each split; empty for a task in memory.
    public var files: [Split: URL] {
        guard rows == nil else { return [:] }
        return Dictionary(
            uniqueKeysWithValues: splits.compactMap { split in definition.url(of: split.stored).map { (split, $0) } })
    }

    /// Reads examples.
    /// - Parameters:
    ///   - splits: to score; nil: all, to train on
    ///   - labels: of a trained head
    func load(splits: Set<Tasks.Split>? = nil, labels: KnownLabels? = nil) throws(AmalgamError) -> TaskData {
        do {
            return try TaskData.load(
                definition, rows: rows, splits: splits, labels: labels, unknownLabels: unknownLabels.stored)
        } catch {
            var fault = AmalgamError(error)
            if rows != nil { fault.file = nil }
            throw fault
        }
    }

    /// What a task's data is.
    public struct Summary: Sendable, Equatable {
        /// The classes or tags, in the order of their indices; empty for numbers, choices and answers.
        public var labels: [String]
        /// The name of the task's own metric.
        public var metric: String
        /// Usable examples of each split.
        public var examples: [Split: Int]
        /// Rows of each split that are no examples, as those without a label.
        public var skipped: [Split: Int]
        /// How many rows the task's definition expects of a split, where it says so.
        public var expected: [Split: Int]
        /// What a user should know of the data.
        public var warnings: [Warning]
    }

    /// Reads and checks all examples.
    /// - Throws: ``AmalgamError``, naming the file (nil in memory), the line (or the example, from 1) and the field.
    public func summary() throws(AmalgamError) -> Summary {
        let data = try load()
        func count(_ number: (Tasks.Split) -> Int) -> [Split: Int] {
            Dictionary(uniqueKeysWithValues: splits.map { ($0, number($0.stored)) })
        }
        return Summary(
            labels: data.labels, metric: data.definition.metric, examples: count { data[$0].count },
            skipped: count { data.skipped[$0]?.count ?? 0 },
            expected: Dictionary(
                uniqueKeysWithValues: splits.compactMap { split in definition.rows[split.stored].map { (split, $0) } }),
            warnings: data.warnings.map { .of(.data, $0) })
    }
}
