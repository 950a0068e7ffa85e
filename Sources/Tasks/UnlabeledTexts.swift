import Files
import Foundation

/// Texts of a task without answers, which a teacher labels.
package enum UnlabeledTexts {
    /// Reads a file: plain text with one text in each line (.txt), or rows with the task's columns; their answers, if they have
    /// some, are not read. Each may be compressed (.gz).
    /// - Throws: `TaskError`, naming the file and the line
    package static func read(
        _ url: URL, of definition: TaskDefinition, kinds: TaskKinds = .standard
    ) throws(TaskError) -> [Example] {
        guard let kind = kinds[definition.kind] else { return [] }
        let file = shownPath(url)
        var rows: [Row]
        let name = file.lowercased()
        if name.hasSuffix(".txt") || name.hasSuffix(".txt.gz") {
            guard let field = kind.inputForms.first(where: { $0.count == 1 })?.first else {
                throw .badValue(
                    file: file, line: 0, key: "the file", found: "plain text",
                    expected: "JSON Lines with \(kind.inputs.joined(separator: " and "))")
            }
            let column = definition.fields[field] ?? field
            rows = try TextCorpus.lines(url).enumerated().map { Row(line: $0 + 1, values: [column: .string($1)]) }
        } else {
            rows = try RowReaders.reader(for: file).read(
                try fileBytes(url), file: file, limit: nil, options: definition.readingOptions
            ).rows
        }
        if rows.isEmpty { throw .noExamples(file: file) }
        let answers = Set((kind.targets + kind.optionalFields).map { definition.fields[$0] ?? $0 })
        let labels = LabelIndex([], source: .training(file: file))
        var examples: [Example] = []
        for var row in rows {
            row.values = row.values.filter { !answers.contains($0.key) }
            examples.append(
                try kind.example(
                    from: FieldRow(file: file, row: row, columns: definition.fields), id: examples.count,
                    labels: labels, needsTarget: false))
        }
        return examples
    }
}
