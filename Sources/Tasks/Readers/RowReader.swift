import Files

/// A value as a data file gives it, before a task's kind says what it means.
package enum FieldValue: Equatable, Sendable {
    case string(String)
    case integer(Int)
    case number(Double)
    case boolean(Bool)
    case null
    /// A list of scalars (tokens, tags, options), flat objects (answers) or lists (clusters); others are `.other`.
    case list([FieldValue])
    /// An object without lists and objects in it; others are `.other`.
    case object([String: FieldValue])
    case other

    /// What a message calls it.
    package var typeName: String {
        switch self {
        case .string: "a string"
        case .integer: "an integer"
        case .number: "a number"
        case .boolean: "a boolean"
        case .null: "null"
        case .list: "a list"
        case .object: "an object"
        case .other: "an object or a nested list"
        }
    }
}

/// One row of a data file.
package struct Row: Equatable, Sendable {
    /// Where the row starts; the file's first line is 1.
    package var line: Int
    package var values: [String: FieldValue]
    /// Its place in the file's array, from 0; nil where rows are lines.
    package var element: Int?
    /// Where it stands in that element, such as `.paragraphs[0].qas[2]`; empty where the element is the row.
    package var path = ""

    package init(line: Int, values: [String: FieldValue], element: Int? = nil) {
        self.line = line
        self.values = values
        self.element = element
    }
}

/// A data file's rows.
package struct RowTable: Equatable, Sendable {
    package var rows: [Row] = []
    /// Lines without content that were passed over.
    package var skippedLines = 0
    /// Names of the columns in their order, where the file has one.
    package var columns: [String] = []
    /// What stands between the cells, where something does.
    package var delimiter: UInt8?
    /// Lines at which a quoted cell begins that continues in the next line.
    package var cellsOverLines: [Int] = []
    /// What is doubtful, each in one line.
    package var warnings: [String] = []

    package init() {}
}

/// One file format: bytes in, rows out. A format is its file and one line in `RowReaders.builtIn`.
package protocol RowReader: Sendable {
    /// Without the dot, lower case.
    static var fileExtension: String { get }

    /// Reads a file's text.
    ///
    /// - Parameters:
    ///   - text: as `DataBytes` gives it
    ///   - file: the name that messages show
    ///   - limit: rows after which to stop; nil reads all
    /// - Throws: `TaskError.malformed` or `.notUTF8`, with the line
    static func read(
        text: ArraySlice<UInt8>, file: String, limit: Int?, options: ReadingOptions
    ) throws(TaskError) -> RowTable
}

extension RowReader {
    /// Reads a file's bytes, whatever they are packed in.
    /// - Throws: `TaskError`
    package static func read(
        _ bytes: [UInt8], file: String, limit: Int?, options: ReadingOptions = ReadingOptions()
    ) throws(TaskError) -> RowTable {
        let content = try DataBytes(bytes, file: file, encoding: options.encoding)
        var table = try read(text: content.text, file: file, limit: limit, options: options)
        table.warnings = content.warnings + table.warnings
        return table
    }
}

/// The formats that data files may have.
package enum RowReaders {
    package static let builtIn: [any RowReader.Type] = [
        JSONLReader.self, JSONArrayReader.self, CSVReader.self, TSVReader.self, CoNLLReader.self, CoNLLUReader.self,
        CoNLL2012Reader.self, Deb822Reader.self, TextLinesReader.self,
    ]

    /// Ends of the names of data files; each may have .gz behind it.
    static var extensions: [String] { builtIn.map { $0.fileExtension } }

    /// The reader for a file name.
    /// - Parameter format: the extension that counts in place of the file's own; nil: the file's own
    /// - Throws: `TaskError.unknownFormat`
    package static func reader(for file: String, format: String? = nil) throws(TaskError) -> any RowReader.Type {
        if let format, let reader = named(format) { return reader }
        var name = file.lowercased()
        if name.hasSuffix(".gz") { name.removeLast(3) }
        for reader in builtIn where name.hasSuffix("." + reader.fileExtension) { return reader }
        throw .unknownFormat(file: file, known: extensions)
    }

    /// The reader for an extension, or nil.
    static func named(_ format: String) -> (any RowReader.Type)? { builtIn.first { $0.fileExtension == format } }
}

/// What all text formats share.
enum TextBytes {
    /// The bytes after a UTF-8 byte order mark, if there is one.
    static func withoutMark(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
    }

    /// The text, or nil if the bytes are not UTF-8.
    static func string(_ bytes: ArraySlice<UInt8>) -> String? { validText(bytes) }

    /// What ends the lines: carriage returns where there is no line feed (as in files of old Macs), else line feeds.
    static func lineEnd(_ text: ArraySlice<UInt8>) -> UInt8 {
        !text.contains(0x0A) && text.contains(0x0D) ? 0x0D : 0x0A
    }
}
