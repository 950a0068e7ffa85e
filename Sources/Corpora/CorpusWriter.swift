import Files
import Foundation

/// Writes a corpus into its folder, and at the end the record of what is in it.
///
/// Every file is replaced as a whole. The tasks' definitions go first and come back when all data are there: a killed
/// run leaves no definition of a half-made task. SOURCE.json is written last; until then it says `"complete" : false`
/// and names all that this run and the earlier ones can have written, so that the next run removes what it does not
/// make again. Files that no run wrote are never touched.
struct CorpusWriter {
    let folder: URL
    let writeFile: (URL, Data) throws -> Void
    private var written: Set<String> = []
    private var earlier: Set<String> = []

    private struct Record: Codable {
        var complete: Bool
        var files: [String]
        var about: String?
        var summary: DebianCorpus.Summary?
    }

    private static let about = """
        Descriptions, sections and tags of Debian packages, as the archive's Packages and Translation lists give \
        them; translations by the Debian Description Translation Project. Their terms are those of the packages \
        (/usr/share/doc/PACKAGE/copyright) and of the Debian project.
        """

    init(folder: URL, writeFile: @escaping (URL, Data) throws -> Void) {
        self.folder = folder
        self.writeFile = writeFile
    }

    /// Notes what earlier runs wrote and this one will, and takes away the definitions.
    /// - Parameter planned: the paths of all files that will be written
    mutating func begin(planned: [String]) throws(CorporaError) {
        if let old = try? Data(contentsOf: place("SOURCE.json")),
            let record = try? JSONDecoder().decode(Record.self, from: old)
        {
            earlier = Set(record.files.filter(CorpusWriter.isOurs))
        }
        earlier.formUnion(planned)
        try put(Record(complete: false, files: earlier.sorted()))
        for path in earlier.sorted() where path.hasPrefix("tasks/") { try remove(path) }
    }

    /// Writes one file; `path` is relative to the corpus's folder.
    mutating func write(_ path: String, _ data: Data) throws(CorporaError) {
        let url = place(path)
        try CorporaError.wrap({ .unwritable(path: url.path, reason: $0) }) {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try writeFile(url, data)
        }
        written.insert(path)
    }

    /// Removes what is left of an earlier run and writes SOURCE.json.
    mutating func finish(_ summary: DebianCorpus.Summary) throws(CorporaError) {
        for path in earlier.subtracting(written).sorted() { try remove(path) }
        removeTemporaryFiles()
        try put(Record(complete: true, files: written.sorted(), about: CorpusWriter.about, summary: summary))
    }

    private func remove(_ path: String) throws(CorporaError) {
        let url = place(path)
        guard FileManager.default.fileExists(atPath: url.path) else { return }
        try CorporaError.wrap({ .unwritable(path: url.path, reason: $0) }) {
            try FileManager.default.removeItem(at: url)
        }
    }

    /// Killed runs leave files behind that were still being written; one that cannot be removed does no harm.
    private func removeTemporaryFiles() {
        let folders = Set(earlier.union(written).map { place($0).deletingLastPathComponent() }).union([folder])
        for folder in folders { AtomicFile.removeTemporaries(in: folder) }
    }

    private mutating func put(_ record: Record) throws(CorporaError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = try CorporaError.wrap({ .unwritable(path: folder.path, reason: $0) }) {
            try encoder.encode(record)
        }
        try write("SOURCE.json", data + Data("\n".utf8))
        written.remove("SOURCE.json")
    }

    private func place(_ path: String) -> URL { folder.appendingPathComponent(path) }

    /// Whether a run can have written this file: SOURCE.json may have been changed by others, and files are removed
    /// by its word.
    private static func isOurs(_ path: String) -> Bool {
        path.wholeMatch(of: /tasks\/[a-z-]+(\.[A-Za-z_@]+)?\.yaml/) != nil
            || path.wholeMatch(of: /[A-Za-z_@]+\/[a-z-]+\/(train|dev|test)\.(jsonl|txt)/) != nil
    }
}

/// The definition of a task, as `--task` reads it.
enum TaskFile {
    static func yaml(_ task: DebianTask, language: String, labels: [String]) -> Data {
        // A quoted JSON text is a quoted YAML text too, whatever is in it ("c++", "no", "1:2").
        func quoted(_ text: String) -> String {
            var bytes: [UInt8] = []
            JSONText.append(text, to: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        }
        let name = language == "en" ? task.name : "\(task.name).\(language)"
        let folder = "../\(language)/\(task.name)"
        return Data(
            """
            # Made by `amalgam data debian`; ../SOURCE.json says from what.
            name: \(quoted(name))
            description: \(quoted("\(task.description) (from its Debian description)"))
            language: \(quoted(language))
            license: "that of each Debian package described; see ../SOURCE.json"
            kind: text-classification
            data:
              train: \(quoted("\(folder)/train.jsonl"))
              dev: \(quoted("\(folder)/dev.jsonl"))
              test: \(quoted("\(folder)/test.jsonl"))
            fields:
              text: text
              label: label
              group: source
            labels: [\(labels.map(quoted).joined(separator: ", "))]
            metric: accuracy

            """.utf8)
    }
}

/// Writes JSON's strings.
enum JSONText {
    /// Appends the text in quotes, with the escapes that JSON wants and no others.
    static func append(_ text: String, to bytes: inout [UInt8]) {
        let hex = Array("0123456789abcdef".utf8)
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 10: bytes += Array("\\n".utf8)
            case 0..<32, 127:
                bytes += Array("\\u00".utf8)
                bytes += [hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
