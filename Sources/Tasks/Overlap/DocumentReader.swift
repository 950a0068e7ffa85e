import Files
import Foundation

/// Reads the texts of a split, whatever its answers are. JSON Lines are read in portions, so that their rows are never in
/// memory together.
struct DocumentReader {
    let definition: TaskDefinition
    let split: Split
    let kind: any TaskKind.Type
    /// Columns that are answers, or say how a row is trained on.
    private let ignored: Set<String>
    /// Of messages: the file, or the task and the split of rows in memory.
    private let file: String
    private let threads: Int

    /// A row, or the line of JSON that it stands in.
    private enum Source {
        case row(Row)
        case line(Int, ArraySlice<UInt8>)
    }

    /// Rows of a portion.
    private static let portion = 8192

    /// - Throws: `TaskError.badValue` for a kind that does not exist
    init(_ definition: TaskDefinition, split: Split, inMemory: Bool, threads: Int) throws(TaskError) {
        guard let kind = TaskKinds.standard[definition.kind] else {
            throw .badValue(
                file: definition.source, line: 1, key: "kind", found: "'\(shown(definition.kind))'",
                expected: "one of \(TaskKinds.standard.names.joined(separator: ", "))")
        }
        self.definition = definition
        self.split = split
        self.kind = kind
        self.threads = max(1, threads)
        let answers = kind.targets + [LabelProbabilities.field, TaskDefinition.weightField]
        ignored = Set(answers.map { definition.fields[$0] ?? $0 })
        file =
            inMemory
            ? "\(definition.source), \(split.rawValue)"
            : definition.url(of: split).map { shownPath($0) } ?? definition.source
    }

    /// - Parameter rows: of the split, for a task in memory; nil: the definition's file is read
    /// - Throws: `TaskError`, naming the file, the line and the field
    func documents(_ rows: RowTable?) throws(TaskError) -> DocumentSet {
        var all = DocumentSet(task: definition.name, split: split, file: file)
        if let rows {
            try add(rows.rows.map { .row($0) }, to: &all)
        } else {
            guard let url = definition.url(of: split) else {
                throw .missingSplit(file: definition.source, split: split.rawValue)
            }
            try read(url, into: &all)
        }
        if all.count == 0 { throw .noExamples(file: file) }
        return all
    }

    private func read(_ url: URL, into all: inout DocumentSet) throws(TaskError) {
        let reader = try RowReaders.reader(for: file)
        let content = try DataBytes(try fileBytes(url), file: file, encoding: definition.reading.encoding)
        guard reader == JSONLReader.self else {
            let table = try reader.read(text: content.text, file: file, limit: nil, options: definition.readingOptions)
            return try add(table.rows.map { .row($0) }, to: &all)
        }
        var portion: [Source] = []
        _ = try JSONLReader.forEachLine(content.text, file: file) { (line, content) throws(TaskError) in
            portion.append(.line(line, content))
            if portion.count == Self.portion {
                try add(portion, to: &all)
                portion.removeAll(keepingCapacity: true)
            }
            return true
        }
        try add(portion, to: &all)
    }

    private func add(_ sources: [Source], to all: inout DocumentSet) throws(TaskError) {
        let ranges = Parallel.ranges(sources.count, parts: sources.count < 256 ? 1 : threads)
        let parts = Parallel.map(ranges.count) { part in
            Result { () throws(TaskError) in try documents(sources[ranges[part]]) }
        }
        for part in parts { all.append(try part.get()) }
    }

    private func documents(_ sources: ArraySlice<Source>) throws(TaskError) -> DocumentSet {
        var part = DocumentSet(task: definition.name, split: split, file: file)
        let labels = LabelIndex([], source: .training(file: file))
        for source in sources {
            var row: Row
            switch source {
            case .row(let given): row = given
            case .line(let line, let content):
                row = Row(line: line, values: try JSONRow.values(content, file: file, line: line))
            }
            for column in ignored { row.values[column] = nil }
            let name = row.element.map { "\(file)[\($0)]" } ?? file
            var example = try kind.example(
                from: FieldRow(file: name, row: row, columns: definition.fields), id: 0, labels: labels,
                needsTarget: false)
            example.element = row.element
            part.append(example)
        }
        return part
    }
}

extension DocumentSet {
    /// Reads a split's texts; its answers may be anything.
    /// - Parameters:
    ///   - rows: of the split, for a task in memory; nil: the definition's file is read
    ///   - threads: that read at a time; they do not change the result
    /// - Throws: `TaskError`, naming the file, the line and the field
    package static func read(
        _ definition: TaskDefinition, split: Split, rows: RowTable? = nil, threads: Int
    ) throws(TaskError) -> DocumentSet {
        try DocumentReader(definition, split: split, inMemory: rows != nil, threads: threads).documents(rows)
    }
}
