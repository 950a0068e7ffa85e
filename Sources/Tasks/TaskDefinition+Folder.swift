import Foundation

extension TaskDefinition {
    /// A definition for a folder with files named `train`, `dev` and `test`; the first row's fields tell the kind.
    static func fromFolder(_ folder: URL, kinds: TaskKinds) throws(TaskError) -> TaskDefinition {
        let source = shownPath(folder)
        let data = try splitFiles(in: folder)
        guard let first = Split.allCases.compactMap({ data[$0] }).first else {
            throw .noSplitFiles(folder: source, found: names(in: folder).filter { !$0.hasPrefix(".") })
        }
        let file = folder.appendingPathComponent(first)
        let reader = try RowReaders.reader(for: first)
        let table = try reader.read(try fileBytes(file), file: shownPath(file), limit: 1)
        guard let row = table.rows.first else { throw .noExamples(file: shownPath(file)) }
        let columns = Set(row.values.keys)
        guard let kind = kinds.kind(ofColumns: columns) else {
            throw .unknownRow(
                file: shownPath(file), line: row.line,
                columns: table.columns.isEmpty ? columns.sorted() : table.columns,
                kinds: kinds.kinds.flatMap { kind in
                    kind.forms.map {
                        "\($0.joined(separator: " + ")) "
                            + (kind.isInferred ? "(\(kind.name))" : "(with kind: \(kind.name) in a task YAML)")
                    }
                })
        }
        var definition = TaskDefinition(
            name: folder.standardizedFileURL.lastPathComponent, kind: kind.name, data: data,
            metric: kind.metrics.first ?? Accuracy.name, folder: folder, source: source)
        definition.hasDefaultMetric = true
        if kind.usesDocuments { definition.documents = try DocumentFiles.name(in: folder) }
        return definition
    }

    /// The file of each split that the folder has, whatever the case of its name.
    /// - Parameter format: of the files, whatever their extensions; nil: what their extensions say
    /// - Throws: `TaskError.unreadable` if a split has two, naming both
    static func splitFiles(in folder: URL, format: String? = nil) throws(TaskError) -> [Split: String] {
        var data: [Split: String] = [:]
        // Plain text often lies beside the data: it counts alone
        let found = names(in: folder).compactMap { name in Self.split(ofFile: name, format: format).map { (name, $0) } }
        let others = found.filter { format != nil || !isPlainText($0.0) }
        for (name, split) in others.isEmpty ? found : others {
            if let other = data[split] {
                throw .unreadable(
                    file: shownPath(folder),
                    reason:
                        "both \(other) and \(name) are the \(split.rawValue) split; keep one, or name it under data in a "
                        + "task YAML")
            }
            data[split] = name
        }
        return data
    }

    private static func names(in folder: URL) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func isPlainText(_ name: String) -> Bool {
        (try? RowReaders.reader(for: name)) == TextLinesReader.self
    }

    /// `dev` for `validation.jsonl.gz`; nil for other files.
    private static func split(ofFile name: String, format: String?) -> Split? {
        guard (try? RowReaders.reader(for: name, format: format)) != nil else { return nil }
        let parts = name.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == (parts.last == "gz" ? 3 : 2) else { return nil }
        return parts.first.flatMap { Split(name: String($0)) }
    }
}
