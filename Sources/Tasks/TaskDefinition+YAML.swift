import Files
import Foundation
import Yams

extension TaskDefinition {
    /// Every key of a task YAML, in the order in which it is written.
    static let keys = [
        "name", "kind", "description", "language", "license", "data", "documents", "rows", "fields", "labels", "metric",
        "format",
        "quoting", "delimiter", "encoding", "header",
    ]

    /// A field that any kind may have: rows with one value of its column belong together.
    static let groupField = "group"

    /// A field that any kind may have: how much a row counts in training.
    static let weightField = "weight"

    static func fromYAML(_ url: URL, kinds: TaskKinds) throws(TaskError) -> TaskDefinition {
        let file = shownPath(url)
        return try parse(
            yaml: try fileBytes(url), file: file, folder: url.deletingLastPathComponent(), kinds: kinds)
    }

    /// The same as `parse(yaml:)` with a text, from a file's bytes.
    package static func parse(
        yaml bytes: [UInt8], file: String, folder: URL, kinds: TaskKinds = .standard
    ) throws(TaskError) -> TaskDefinition {
        let bytes = try DataBytes(bytes, file: file).text
        guard let text = TextBytes.string(bytes) else {
            // The line whose bytes end to be UTF-8.
            var line = 1
            for part in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
                if TextBytes.string(part) == nil { break }
                line += 1
            }
            throw .notUTF8(file: file, line: line)
        }
        return try parse(yaml: text, file: file, folder: folder, kinds: kinds)
    }

    /// Reads a definition from its YAML.
    /// - Parameters:
    ///   - text: at most 1 MiB
    ///   - file: the name that messages show
    ///   - folder: what relative paths start from
    package static func parse(
        yaml text: String, file: String, folder: URL, kinds: TaskKinds = .standard
    ) throws(TaskError) -> TaskDefinition {
        let root = try YAMLMap(
            text: text, file: file, keys: keys, fix: "expected a YAML map with the keys kind and data")
        let kindName = try root.requiredText("kind", expected: "expected one of \(kinds.names.joined(separator: ", "))")
        guard let kind = kinds[kindName] else {
            throw root.bad("kind", found: "'\(shown(kindName))'", expected: YAMLMap.choice(kindName, kinds.names))
        }
        let named = try root.text("metric")
        let metric = named ?? kind.metrics.first ?? Accuracy.name
        guard kind.metrics.contains(metric) else {
            throw root.bad("metric", found: "'\(shown(metric))'", expected: YAMLMap.choice(metric, kind.metrics))
        }
        guard kind.minimumLabels > 0 || root.node("labels") == nil else {
            throw root.bad(
                "labels", found: "set", expected: "no labels, because the answers of \(kindName) are no labels")
        }
        let (labels, numbers) = try labels(root, minimum: kind.minimumLabels)
        let data = try dataFiles(root, folder: folder)
        var definition = TaskDefinition(
            name: try root.text("name") ?? URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent,
            kind: kindName, data: data,
            fields: try root.map("fields", keys: kind.allFields + kind.optionalFields + [groupField])?.allTexts()
                ?? [:],
            labels: labels, metric: metric, description: try root.text("description"),
            language: try root.text("language"), license: try root.text("license"), folder: folder, source: file)
        definition.labelNumbers = numbers
        definition.rows = try expectedRows(root, data)
        definition.documents = try documents(root, kind)
        definition.hasDefaultMetric = named == nil
        definition.reading = try readingOptions(root, files: data)
        return definition
    }

    /// `labels` is a list, or a map from the numbers in the data to names.
    private static func labels(
        _ root: YAMLMap, minimum: Int
    ) throws(TaskError) -> (labels: [String]?, numbers: [Int: String]) {
        guard let node = root.node("labels") else { return (nil, [:]) }
        var labels: [String] = []
        var numbers: [Int: String] = [:]
        if node.mapping != nil {
            let entries = try root.entries("labels")
            for (key, name) in entries {
                guard let number = Int(key), numbers.updateValue(name, forKey: number) == nil else {
                    throw root.bad(
                        "labels", found: "a map with '\(shown(key))'",
                        expected: "a map from different integers to names, such as {0: neg, 1: pos}, or a list")
                }
            }
            for name in numbers.values.sorted() {
                guard let other = Int(name), let its = numbers[other], its != name else { continue }
                throw root.bad(
                    "labels", found: "a map in which \(other) is a number of the data and also another number's name",
                    expected: "names that are not numbers of the map")
            }
            for number in numbers.keys.sorted() {
                if let name = numbers[number], !labels.contains(name) { labels.append(name) }
            }
        } else {
            labels = try root.texts("labels") ?? []
            if let twice = firstDuplicate(labels) {
                throw root.bad(
                    "labels", found: "a list in which '\(shown(twice))' appears twice", expected: "different labels")
            }
        }
        guard labels.count >= minimum else {
            throw .tooFewLabels(file: root.file, labels: labels, minimum: minimum)
        }
        return (labels, numbers)
    }

    /// `data` is a map of files, or the name of a folder that holds train, dev and test.
    private static func dataFiles(_ root: YAMLMap, folder: URL) throws(TaskError) -> [Split: String] {
        let expected = "expected data: {train: FILE, dev: FILE, test: FILE} or data: FOLDER"
        let format = try Self.format(root)
        guard let node = root.node("data") else { throw .missingKey(file: root.file, key: "data", expected: expected) }
        if node.scalar != nil, let name = try root.text("data") {
            let inner = name.hasPrefix("/") ? URL(fileURLWithPath: name) : folder.appendingPathComponent(name)
            let files = try splitFiles(in: inner, format: format)
            guard !files.isEmpty else {
                throw root.bad(
                    "data", found: "'\(shown(name))', which has no train, dev or test file",
                    expected: "a folder with train.jsonl, dev.jsonl (or validation.jsonl) and test.jsonl")
            }
            return files.mapValues { name + "/" + $0 }
        }
        let texts = try root.map("data", keys: ["train"] + Split.devNames + ["test"])?.allTexts() ?? [:]
        var files: [Split: String] = [:]
        for (key, name) in texts.sorted(by: { $0.key < $1.key }) {
            guard let split = Split(name: key) else { continue }
            do { _ = try RowReaders.reader(for: name, format: format) } catch {
                let known = RowReaders.extensions.map { "." + $0 }.joined(separator: ", ")
                throw root.bad(
                    "data", found: "'\(shown(name))'",
                    expected:
                        "files that end with one of \(known), each also with .gz; or format, the format of all files")
            }
            guard files.updateValue(name, forKey: split) == nil else {
                throw root.bad(
                    "data", found: "two files of the \(split.rawValue) split",
                    expected: "one of \(Split.devNames.joined(separator: ", "))")
            }
        }
        guard !files.isEmpty else { throw .missingKey(file: root.file, key: "data", expected: expected) }
        return files
    }

    private static func documents(_ root: YAMLMap, _ kind: any TaskKind.Type) throws(TaskError) -> String? {
        guard let path = try root.text("documents") else { return nil }
        guard kind.usesDocuments else {
            throw root.bad(
                "documents", found: "set",
                expected: "no documents, because the rows of \(kind.name) have all that is read")
        }
        return path
    }

    private static func expectedRows(_ root: YAMLMap, _ data: [Split: String]) throws(TaskError) -> [Split: Int] {
        var rows: [Split: Int] = [:]
        for (key, text) in try root.map("rows", keys: ["train"] + Split.devNames + ["test"])?.allTexts() ?? [:] {
            guard let split = Split(name: key), data[split] != nil else {
                throw root.bad("rows", found: "the split \(key)", expected: "splits that have a file under data")
            }
            guard let count = Int(text), count > 0 else {
                throw root.bad("rows", found: "\(key): \(shown(text))", expected: "numbers of rows, 1 or more")
            }
            rows[split] = count
        }
        return rows
    }
}
