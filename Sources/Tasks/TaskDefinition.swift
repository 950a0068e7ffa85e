import Files
import Foundation

/// A task as its YAML defines it: kind, files, columns, labels, metric.
package struct TaskDefinition: Equatable, Sendable {
    package var name: String
    /// Name of a registered `TaskKind`.
    package var kind: String
    /// File of each split, relative to `folder` unless absolute; unused splits may be missing.
    package var data: [Split: String]
    /// Canonical field to column, where the names differ; `group` only where it is named here.
    package var fields: [String: String]
    /// All labels in the order of the classes; nil takes them, sorted, from the training split.
    package var labels: [String]?
    /// The YAML's map from the numbers in the data to labels, such as `0` to `neg`.
    package var labelNumbers: [Int: String] = [:]
    /// How many rows the file of a split has where the data is what the definition was written for.
    package var rows: [Split: Int] = [:]
    /// File or folder of the documents that all splits are answered from, relative to `folder` unless absolute; nil: none.
    package var documents: String?
    /// How the data files are to be read.
    package var reading = ReadingOptions()
    /// Name of a registered metric that fits the kind.
    package var metric: String
    /// Whether the task does not name its metric, so that `TaskData.load` chooses the kind's default for its labels.
    package var hasDefaultMetric = false
    package var description: String?
    package var language: String?
    package var license: String?
    /// The folder that relative paths start from.
    package var folder: URL
    /// The YAML file or folder that this came from, as messages show it.
    package var source: String

    package init(
        name: String, kind: String, data: [Split: String], fields: [String: String] = [:], labels: [String]? = nil,
        metric: String = "accuracy", description: String? = nil, language: String? = nil, license: String? = nil,
        folder: URL, source: String
    ) {
        self.name = name
        self.kind = kind
        self.data = data
        self.fields = fields
        self.labels = labels
        self.metric = metric
        self.description = description
        self.language = language
        self.license = license
        self.folder = folder
        self.source = source
    }

    /// Reads a task.
    ///
    /// - Parameters:
    ///   - url: a YAML file, or a folder with `train`, `dev` and `test` files of a known format, whose kind is that of
    ///     the first row's fields
    ///   - kinds: the kinds that a definition may name
    /// - Throws: `TaskError`, naming file, line and key
    package static func load(_ url: URL, kinds: TaskKinds = .standard) throws(TaskError) -> TaskDefinition {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw .unreadable(
                file: shownPath(url),
                reason:
                    "no such file or folder; expected a task YAML, or a folder with a train file, such as train.jsonl")
        }
        if !isFolder.boolValue, (try? RowReaders.reader(for: url.path)) != nil {
            throw .dataFileAsTask(file: shownPath(url), name: url.lastPathComponent)
        }
        return isFolder.boolValue ? try fromFolder(url, kinds: kinds) : try fromYAML(url, kinds: kinds)
    }

    /// What is said of a file with another number of rows than the definition expects; nil: they agree, or it does not say.
    package func unexpected(rows count: Int, of split: Split, file: String) -> String? {
        guard let expected = rows[split], count != expected else { return nil }
        return
            "\(name): found \(counted(count, "row")) in \(file), expected \(expected) (rows in \(source)); this is a part of the "
            + "data, or another version of it"
    }

    /// A split's file, or nil if the definition names none.
    package func url(of split: Split) -> URL? { data[split].map(url) }

    /// The file or folder of the documents, or nil if the definition names none.
    package var documentsURL: URL? { documents.map(url) }

    private func url(_ path: String) -> URL {
        path.hasPrefix("/") ? URL(fileURLWithPath: path) : folder.appendingPathComponent(path)
    }
}

/// The path as a user would type it: relative to the working folder where that is shorter.
func shownPath(_ url: URL) -> String {
    let path = url.standardizedFileURL.path
    let here = FileManager.default.currentDirectoryPath
    return here != "/" && path.hasPrefix(here + "/") ? String(path.dropFirst(here.count + 1)) : path
}

/// A file's bytes.
/// - Throws: `TaskError.unreadable`
func fileBytes(_ url: URL) throws(TaskError) -> [UInt8] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
        throw .unreadable(file: shownPath(url), reason: "no such file; check the path under data")
    }
    guard !isFolder.boolValue else {
        throw .unreadable(file: shownPath(url), reason: "a folder; expected a file")
    }
    do { return [UInt8](try Data(contentsOf: url)) } catch {
        throw .unreadable(file: shownPath(url), reason: "cannot be read; check its permissions")
    }
}
