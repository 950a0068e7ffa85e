import Foundation

/// What happens to a row whose label is empty or not among the task's labels.
package enum StrayLabels: Sendable {
    /// The row is an error.
    case refuse
    /// The row is left out and listed in `TaskData.dropped`. Scores then count fewer examples than the file has: say so
    /// beside them.
    case drop
}

/// A row that `StrayLabels.drop` left out.
package struct DroppedRow: Equatable, Sendable {
    package var line: Int
    /// Empty if the row had no label.
    package var label: String
}

/// A task's examples, read and checked.
package struct TaskData: Sendable {
    package var definition: TaskDefinition
    /// Names of the classes, in the order of the label indices.
    package var labels: [String]
    package var train: [Example] = []
    package var dev: [Example] = []
    package var test: [Example] = []
    /// Lines without content that each split's file had.
    package var skippedLines: [Split: Int] = [:]
    /// Rows that were left out for their labels, in order; empty unless asked for by `StrayLabels.drop`.
    package var dropped: [Split: [DroppedRow]] = [:]

    package subscript(split: Split) -> [Example] {
        get {
            switch split {
            case .train: train
            case .dev: dev
            case .test: test
            }
        }
        set {
            switch split {
            case .train: train = newValue
            case .dev: dev = newValue
            case .test: test = newValue
            }
        }
    }

    /// Reads the splits of a task.
    ///
    /// The labels are the definition's, else those of the training split, sorted: by number if all are integers, else
    /// by code point. The training file is read for them even if `splits` leaves it out.
    /// - Parameters:
    ///   - splits: what to read; nil reads all that the definition names
    ///   - needsTargets: whether a row without a label is an error (it is not where labels are to be predicted)
    ///   - strayLabels: what to do with empty and unknown labels; a stray label of the training split is only known for
    ///     one if the definition lists the labels
    /// - Throws: `TaskError`, naming file, line and field
    package static func load(
        _ definition: TaskDefinition, splits: Set<Split>? = nil, needsTargets: Bool = true,
        strayLabels: StrayLabels = .refuse, kinds: TaskKinds = .standard
    ) throws(TaskError) -> TaskData {
        guard let kind = kinds[definition.kind] else {
            throw .badValue(
                file: definition.source, line: 1, key: "kind", found: "'\(shown(definition.kind))'",
                expected: "one of \(kinds.names.joined(separator: ", "))")
        }
        let wanted = splits ?? Set(definition.data.keys)
        for split in Split.allCases where wanted.contains(split) && definition.data[split] == nil {
            throw .missingSplit(file: definition.source, split: split.rawValue)
        }
        let needsTraining = definition.labels == nil && kind.minimumLabels > 0
        var files: [Split: SplitFile] = [:]
        for split in Split.allCases where wanted.contains(split) || (needsTraining && split == .train) {
            guard let url = definition.url(of: split) else {
                throw .missingKey(
                    file: definition.source, key: "labels",
                    expected: "without a train split the labels cannot be found; list them under labels")
            }
            files[split] = try SplitFile(url, columns: definition.fields)
        }

        let index = try labelIndex(definition, kind: kind, training: files[.train], strayLabels: strayLabels)
        var data = TaskData(definition: definition, labels: index.names)
        for split in Split.allCases where wanted.contains(split) {
            guard let file = files[split] else { continue }
            let (examples, dropped) = try file.examples(
                kind, labels: index, needsTarget: needsTargets || split == .train, strayLabels: strayLabels)
            guard !examples.isEmpty else { throw .noExamples(file: file.name) }
            data[split] = examples
            if !dropped.isEmpty { data.dropped[split] = dropped }
            data.skippedLines[split] = file.table.skippedLines
        }
        return data
    }

    private static func labelIndex(
        _ definition: TaskDefinition, kind: any TaskKind.Type, training: SplitFile?, strayLabels: StrayLabels
    ) throws(TaskError) -> LabelIndex {
        if let labels = definition.labels { return LabelIndex(labels) }
        guard kind.minimumLabels > 0, let training else { return LabelIndex([]) }
        var seen = Set<String>()
        for row in training.table.rows {
            do throws(TaskError) {
                seen.formUnion(try kind.labels(in: training.view(row)))
            } catch {
                guard strayLabels == .drop, error.strayLabel != nil else { throw error }
            }
        }
        let labels = sorted(seen)
        guard labels.count >= kind.minimumLabels else {
            throw .tooFewLabels(file: training.name, labels: labels, minimum: kind.minimumLabels)
        }
        return LabelIndex(labels, inferredFrom: training.name)
    }

    /// By number if all are integers, else by code point (not by locale: the order decides what an index means).
    static func sorted(_ labels: Set<String>) -> [String] {
        let byCodePoint = labels.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
        let numbers = byCodePoint.compactMap { Int($0) }
        guard numbers.count == labels.count else { return byCodePoint }
        // Texts of one number (1, 01, +1) keep the order of their code points.
        return zip(numbers, byCodePoint).enumerated()
            .sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }
            .map { $0.element.1 }
    }
}

/// One split's rows with the names that messages need.
private struct SplitFile {
    let name: String
    let table: RowTable
    let columns: [String: String]

    init(_ url: URL, columns: [String: String]) throws(TaskError) {
        name = shownPath(url)
        self.columns = columns
        table = try RowReaders.reader(for: name).read(try fileBytes(url), file: name, limit: nil)
        if table.rows.isEmpty { throw .noExamples(file: name) }
    }

    func view(_ row: Row) -> FieldRow { FieldRow(file: name, row: row, columns: columns) }

    func examples(
        _ kind: any TaskKind.Type, labels: LabelIndex, needsTarget: Bool, strayLabels: StrayLabels
    ) throws(TaskError) -> (examples: [Example], dropped: [DroppedRow]) {
        var examples: [Example] = []
        var dropped: [DroppedRow] = []
        var firstStray: TaskError?
        examples.reserveCapacity(table.rows.count)
        for row in table.rows {
            do throws(TaskError) {
                var example = try kind.example(
                    from: view(row), id: examples.count, labels: labels, needsTarget: needsTarget)
                if columns[TaskDefinition.groupField] != nil {
                    example.group = try view(row).name(TaskDefinition.groupField)
                }
                examples.append(example)
            } catch {
                guard strayLabels == .drop, let label = error.strayLabel else { throw error }
                dropped.append(DroppedRow(line: row.line, label: label))
                firstStray = firstStray ?? error
            }
        }
        // Nothing is left to score: then what is wrong with the rows is the news
        if examples.isEmpty, let firstStray { throw firstStray }
        return (examples, dropped)
    }
}

extension TaskError {
    /// The label that a row must not have, or nil if the error is of another kind.
    fileprivate var strayLabel: String? {
        switch self {
        case .emptyLabel: ""
        case .unknownLabel(_, _, let label, _, _, _): label
        default: nil
        }
    }
}
