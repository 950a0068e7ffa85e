import Foundation

/// Reads collections of documents from files.
package enum DocumentFiles {
    /// Names of files of documents that a task's folder may have, before their extensions.
    static let names = ["corpus", "documents"]
    /// Columns of a document's name, and of its text, the first that a row has.
    private static let idColumns = ["id", "_id", "docid"]
    private static let textColumns = ["text", "contents"]
    /// Ends of the names of files that are a text each.
    private static let plain = ["txt", "md"]
    /// Characters that a passage of a plain text has at most, unless a paragraph is longer.
    private static let passage = 1000

    /// The documents of a file, or of a folder's files.
    ///
    /// A file of rows (JSONL, JSON, CSV, TSV) has a document in each: a name (`id`, `_id` or `docid`), a `text` or `contents`,
    /// and perhaps a `title`, which stands before the text. A plain text (.txt, .md) has a document for each passage:
    /// neighboring paragraphs up to 1,000 characters, named FILE#NUMBER.
    /// - Throws: `TaskError`, naming the file, the line and the field
    package static func read(_ url: URL) throws(TaskError) -> DocumentCollection {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw .unreadable(
                file: shownPath(url),
                reason:
                    "no such file or folder; expected documents: a .jsonl, .json, .csv, .tsv, .txt or .md file, or a folder"
            )
        }
        let files: [(url: URL, name: String)]
        if isFolder.boolValue {
            files = try inFolder(url)
        } else {
            files = [(url, url.lastPathComponent)]
        }
        var (ids, texts, places): ([String], [String], [String: String]) = ([], [], [:])
        for file in files {
            for document in try documents(of: file.url, name: file.name) {
                let place = "\(shownPath(file.url)):\(document.line)"
                if let other = places.updateValue(place, forKey: document.id) {
                    throw .malformed(
                        file: shownPath(file.url), line: document.line,
                        problem: "a second document '\(shown(document.id))' (the first: \(other))",
                        fix: "give each document a name of its own")
                }
                ids.append(document.id)
                texts.append(document.text)
            }
        }
        if texts.isEmpty { throw .noExamples(file: shownPath(url)) }
        return DocumentCollection(ids: ids, texts: texts)
    }

    private struct Document {
        let id: String
        let text: String
        let line: Int
    }

    /// All files of a folder and the folders in it that may have documents, in the order of their paths.
    private static func inFolder(_ folder: URL) throws(TaskError) -> [(url: URL, name: String)] {
        let paths = (try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? []
        let names = paths.filter { path in
            !path.split(separator: "/").contains { $0.hasPrefix(".") }
                && (isPlain(path)
                    || (try? RowReaders.reader(for: path)).map { columnless.contains($0.fileExtension) } == false)
        }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        guard !names.isEmpty else {
            throw .unreadable(
                file: shownPath(folder),
                reason: "no documents in it; expected .jsonl, .json, .csv, .tsv, .txt or .md files")
        }
        return names.map { (folder.appendingPathComponent($0), $0) }
    }

    /// Formats whose rows are no documents.
    private static let columnless: Set<String> = [
        CoNLLReader.fileExtension, CoNLLUReader.fileExtension, CoNLL2012Reader.fileExtension,
    ]

    private static func isPlain(_ path: String) -> Bool {
        plain.contains { path.lowercased().hasSuffix("." + $0) }
    }

    private static func documents(of url: URL, name: String) throws(TaskError) -> [Document] {
        isPlain(name) ? try passages(of: url, name: name) : try rows(of: url)
    }

    private static func rows(of url: URL) throws(TaskError) -> [Document] {
        let file = shownPath(url)
        let table = try RowReaders.reader(for: file).read(try fileBytes(url), file: file, limit: nil)
        var documents: [Document] = []
        for row in table.rows {
            func column(_ names: [String]) -> String { names.first { row.values[$0] != nil } ?? names[0] }
            let view = FieldRow(file: file, row: row, columns: [:])
            let text = try view.text(column(textColumns))
            let title = try view.optionalText("title")
            documents.append(
                Document(
                    id: try view.name(column(idColumns)), text: title.map { $0 + "\n" + text } ?? text, line: row.line))
        }
        return documents
    }

    /// Paragraphs, between which lines are blank, joined to passages.
    private static func passages(of url: URL, name: String) throws(TaskError) -> [Document] {
        let file = shownPath(url)
        let bytes = try DataBytes(try fileBytes(url), file: file).text
        guard let text = TextBytes.string(bytes) else { throw .notUTF8(file: file, line: 1) }
        var documents: [Document] = []
        var (lines, length, start): ([Substring], Int, Int) = ([], 0, 1)
        func close() {
            let passage = lines.joined(separator: "\n").trimmingCharacters(in: .whitespacesAndNewlines)
            if !passage.isEmpty {
                documents.append(Document(id: "\(name)#\(documents.count + 1)", text: passage, line: start))
            }
            (lines, length) = ([], 0)
        }
        var paragraph: [Substring] = []
        func add(before line: Int) {
            let size = paragraph.reduce(0) { $0 + $1.count }
            if length > 0, length + size > passage { close() }
            if lines.isEmpty { start = line - paragraph.count }
            lines += lines.isEmpty ? paragraph : [""] + paragraph
            length += size
            paragraph = []
        }
        let all = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (number, line) in all.enumerated() {
            if line.allSatisfy(\.isWhitespace) {
                if !paragraph.isEmpty { add(before: number + 1) }
            } else {
                paragraph.append(line)
            }
        }
        if !paragraph.isEmpty { add(before: all.count + 1) }
        close()
        return documents
    }

    /// The file of documents that a task's folder has; nil: none.
    /// - Throws: `TaskError.unreadable` if it has two
    static func name(in folder: URL) throws(TaskError) -> String? {
        let all = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
        let found = all.filter { name in
            guard let stem = name.lowercased().split(separator: ".").first.map(String.init), names.contains(stem) else {
                return false
            }
            return (try? RowReaders.reader(for: name)) != nil
        }
        guard found.count <= 1 else {
            throw .unreadable(
                file: shownPath(folder),
                reason:
                    "both \(found[0]) and \(found[1]) have documents; keep one, or name it under documents in a task YAML"
            )
        }
        return found.first
    }
}
