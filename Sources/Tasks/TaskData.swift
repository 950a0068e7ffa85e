import Foundation

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
    /// - Throws: `TaskError`, naming file, line and field
    package static func load(
        _ definition: TaskDefinition, splits: Set<Split>? = nil, needsTargets: Bool = true,
        kinds: TaskKinds = .standard
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

        let index = try labelIndex(definition, kind: kind, training: files[.train])
        var data = TaskData(definition: definition, labels: index.names)
        for split in Split.allCases where wanted.contains(split) {
            guard let file = files[split] else { continue }
            data[split] = try file.examples(kind, labels: index, needsTarget: needsTargets || split == .train)
            data.skippedLines[split] = file.table.skippedLines
        }
        return data
    }

    private static func labelIndex(
        _ definition: TaskDefinition, kind: any TaskKind.Type, training: SplitFile?
    ) throws(TaskError) -> LabelIndex {
        if let labels = definition.labels { return LabelIndex(labels) }
        guard kind.minimumLabels > 0, let training else { return LabelIndex([]) }
        var seen = Set<String>()
        for row in training.table.rows { seen.formUnion(try kind.labels(in: training.view(row))) }
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
        _ kind: any TaskKind.Type, labels: LabelIndex, needsTarget: Bool
    ) throws(TaskError) -> [Example] {
        var examples: [Example] = []
        examples.reserveCapacity(table.rows.count)
        for (id, row) in table.rows.enumerated() {
            examples.append(try kind.example(from: view(row), id: id, labels: labels, needsTarget: needsTarget))
        }
        return examples
    }
}
