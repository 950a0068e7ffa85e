import Files
import Foundation

/// One split's rows with the names that messages need.
struct SplitFile {
    let split: Split
    let name: String
    let bytes: Int
    let table: RowTable
    let columns: [String: String]

    init(_ url: URL, split: Split, definition: TaskDefinition) throws(TaskError) {
        self.split = split
        name = shownPath(url)
        columns = definition.fields
        let content = try fileBytes(url)
        bytes = content.count
        table = try RowReaders.reader(for: name, format: definition.reading.format)
            .read(content, file: name, limit: nil, options: definition.readingOptions)
        if table.rows.isEmpty { throw .noExamples(file: name) }
    }

    /// Rows from memory; messages name the task and the split.
    init(_ rows: RowTable, split: Split, definition: TaskDefinition) throws(TaskError) {
        self.split = split
        name = "\(definition.source), \(split.rawValue)"
        columns = definition.fields
        bytes = 0
        table = rows
        if table.rows.isEmpty { throw .noExamples(file: name) }
    }

    /// A row of an array is named by its place too: all rows may stand in one line.
    func view(_ row: Row) -> FieldRow {
        FieldRow(file: row.element.map { "\(name)[\($0)]\(row.path)" } ?? name, row: row, columns: columns)
    }

    /// A split's rows, sorted into examples and what is none.
    struct Content {
        var examples: [Example] = []
        var skipped: [SkippedRow] = []
        /// Why there is no score, or nil if there is one.
        var unscorable: String?
    }

    /// How many answers the first row has, for kinds in which all rows have the same number.
    struct AnswerCount {
        var count: Int
        var file: String
        var line: Int
    }

    /// - Parameters:
    ///   - answers: that of the splits that were read before; set by the first example
    ///   - isScored: whether the rows are to be scored; otherwise they are trained on
    ///   - needsTarget: whether a row without a label is skipped
    /// - Throws: `TaskError`: what is wrong with a row other than its label; what is wrong with the first row's label if
    ///   no row can be trained on, or if labels are there and none is known
    func content(
        _ kind: any TaskKind.Type, labels: LabelIndex, answers: inout AnswerCount?, unknownLabels: UnknownLabels,
        isScored: Bool, needsTarget: Bool
    ) throws(TaskError) -> Content {
        var labels = labels
        labels.countsUnknown = isScored && unknownLabels == .count
        var content = Content()
        var firstFault: TaskError?
        content.examples.reserveCapacity(table.rows.count)
        for row in table.rows {
            do throws(TaskError) {
                var example = try kind.example(
                    from: view(row), id: content.examples.count, labels: labels, needsTarget: needsTarget)
                example.element = row.element
                if columns[TaskDefinition.groupField] != nil {
                    example.group = try view(row).name(TaskDefinition.groupField)
                }
                example.weight = try view(row).weight()
                try check(example, against: &answers, kind)
                content.examples.append(example)
            } catch {
                guard unknownLabels != .refuse, let reason = error.skipReason(targets: kind.targets),
                    unknownLabels == .skip || !reason.isOnRequest
                else { throw error }
                var skipped = SkippedRow(line: row.line, reason: reason)
                if case .unknownLabel(_, _, let label, _, _, _) = error { skipped.label = label }
                content.skipped.append(skipped)
                firstFault = firstFault ?? error
            }
        }
        if isScored {
            if needsTarget { try checkScorable(&content, labels) }
        } else {
            try checkTrainable(content, labels)
            if content.examples.isEmpty, let firstFault { throw firstFault }
        }
        return content
    }

    /// Some rows without a known label are noise; most of them are another list of labels. A number that no row has, or
    /// rows that all have the weight 0, would be trained on nothing.
    private func checkTrainable(_ content: Content, _ labels: LabelIndex) throws(TaskError) {
        let unknown = content.skipped.compactMap(\.label)
        if unknown.count > 1, unknown.count * 2 > table.rows.count {
            throw .mostlyUnknown(
                file: name, rows: table.rows.count, counts: unknown.reduce(into: [:]) { $0[$1, default: 0] += 1 },
                labels: labels.names, source: labels.source)
        }
        if !content.examples.isEmpty, content.examples.allSatisfy({ $0.weight == 0 }) {
            throw .badValue(
                file: name, line: 0, key: columns[TaskDefinition.weightField] ?? TaskDefinition.weightField,
                found: "0 in every training row", expected: "a number above 0 in at least one")
        }
        let numbers = content.examples.compactMap(\.numbers?.values)
        for place in 0..<(numbers.first?.count ?? 0) where !numbers.contains(where: { $0[place] != nil }) {
            throw .noNumber(
                file: name, column: columns["score"] ?? "score", place: place + 1, of: numbers[0].count)
        }
    }

    private func check(
        _ example: Example, against answers: inout AnswerCount?, _ kind: any TaskKind.Type
    ) throws(TaskError) {
        guard let count = example.payload?.answers else { return }
        guard let first = answers else {
            answers = AnswerCount(count: count, file: name, line: example.line)
            return
        }
        guard count == first.count else {
            let field = kind.targets.first ?? ""
            throw .wrongType(
                file: name, line: example.line, column: columns[field] ?? field,
                found: counted(count, "number"),
                expected: "\(first.count), as in \(first.file):\(first.line)")
        }
    }

    /// A split without labels is common (benchmarks keep those of their test split), and no reason to stop a training. One
    /// with other labels is a mistake.
    private func checkScorable(_ content: inout Content, _ labels: LabelIndex) throws(TaskError) {
        guard content.examples.allSatisfy({ !$0.hasKnownAnswer }) else { return }
        let unknown =
            content.examples.compactMap { example in example.unknownLabel.map { (example.line, $0) } }
            + content.skipped.compactMap { row in row.label.map { (row.line, $0) } }
        if let first = unknown.min(by: { $0.0 < $1.0 }) {
            // By convention -1 stands for a label that is kept back.
            guard unknown.allSatisfy({ LabelIndex.wholeNumber($0.1) == -1 }) else {
                throw labels.unknown(first.1, file: name, line: first.0)
            }
            content.unscorable =
                (unknown.count == 1 ? "its one label is" : "all \(unknown.count) labels are")
                + " -1, which is not a label of this task"
        } else {
            content.unscorable =
                (content.skipped.count == 1
                    ? "its one row has no label" : "none of its \(content.skipped.count) rows has a label")
                + " (\(content.skipped.summary))"
        }
        content.examples = []
    }

    func facts(_ content: Content) -> FileFacts {
        FileFacts(
            name: name, bytes: bytes, rows: table.rows.count, blankLines: table.skippedLines,
            skipped: content.skipped.counts, unknownLabels: content.examples.count { $0.unknownLabel != nil })
    }
}
