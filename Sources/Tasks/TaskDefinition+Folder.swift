import Foundation

extension TaskDefinition {
    /// A definition for a folder with files named `train`, `dev` and `test`; the first row's fields tell the kind.
    static func fromFolder(_ folder: URL, kinds: TaskKinds) throws(TaskError) -> TaskDefinition {
        let source = shownPath(folder)
        let data = try splitFiles(in: folder)
        guard let first = Split.allCases.compactMap({ data[$0] }).first else {
            throw .unreadable(
                file: source, reason: "no train, dev or test file; expected train.jsonl, dev.jsonl and test.jsonl")
        }
        let file = folder.appendingPathComponent(first)
        let reader = try RowReaders.reader(for: first)
        let table = try reader.read(try fileBytes(file), file: shownPath(file), limit: 1)
        guard let row = table.rows.first else { throw .noExamples(file: shownPath(file)) }
        let columns = Set(row.values.keys)
        guard let kind = kinds.kind(ofColumns: columns) else {
            if columns.isSuperset(of: ["tokens", "tags"]) { throw .kindToCome(file: shownPath(file), kind: "tagging") }
            let wanted = kinds.kinds.map { $0.fields.joined(separator: " + ") }.joined(separator: ", or ")
            throw .unknownRow(file: shownPath(file), line: row.line, columns: columns.sorted(), expected: wanted)
        }
        return TaskDefinition(
            name: folder.standardizedFileURL.lastPathComponent, kind: kind.name, data: data,
            metric: kind.metrics.first ?? "accuracy", folder: folder, source: source)
    }

    /// The file of each split that the folder has.
    /// - Throws: `TaskError.unreadable` if a split has two
    static func splitFiles(in folder: URL) throws(TaskError) -> [Split: String] {
        var data: [Split: String] = [:]
        for split in Split.allCases {
            for reader in RowReaders.builtIn {
                let name = "\(split.rawValue).\(reader.fileExtension)"
                guard FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path) else { continue }
                if let other = data[split] {
                    throw .unreadable(
                        file: shownPath(folder),
                        reason: "both \(other) and \(name); keep one, or name it in a task YAML")
                }
                data[split] = name
            }
        }
        return data
    }
}
