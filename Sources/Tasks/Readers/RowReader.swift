/// A value as a data file gives it, before a task's kind says what it means.
package enum FieldValue: Equatable, Sendable {
    case string(String)
    case integer(Int)
    case number(Double)
    case boolean(Bool)
    case null
    /// A flat list (tokens, tags, options); lists of lists and objects are `.other`.
    case list([FieldValue])
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
        case .other: "an object or a nested list"
        }
    }
}

/// One row of a data file.
package struct Row: Equatable, Sendable {
    /// Where the row starts; the file's first line is 1.
    package var line: Int
    package var values: [String: FieldValue]

    package init(line: Int, values: [String: FieldValue]) {
        self.line = line
        self.values = values
    }
}

/// A data file's rows.
package struct RowTable: Equatable, Sendable {
    package var rows: [Row] = []
    /// Lines without content that were passed over.
    package var skippedLines = 0

    package init() {}
}

/// One file format: bytes in, rows out. A format is its file and one line in `RowReaders.builtIn`.
package protocol RowReader: Sendable {
    /// Without the dot, lower case.
    static var fileExtension: String { get }

    /// Reads a file's bytes.
    ///
    /// - Parameters:
    ///   - bytes: the whole file, byte order mark included
    ///   - file: the name that messages show
    ///   - limit: rows after which to stop; nil reads all
    /// - Throws: `TaskError.malformed` or `.notUTF8`, with the line
    static func read(_ bytes: [UInt8], file: String, limit: Int?) throws(TaskError) -> RowTable
}

/// The formats that data files may have.
package enum RowReaders {
    package static let builtIn: [any RowReader.Type] = [JSONLReader.self, CSVReader.self, TSVReader.self]

    /// The reader for a file name.
    /// - Throws: `TaskError.unknownFormat`
    package static func reader(for file: String) throws(TaskError) -> any RowReader.Type {
        let name = file.lowercased()
        for reader in builtIn where name.hasSuffix("." + reader.fileExtension) { return reader }
        throw .unknownFormat(file: file, known: builtIn.map { $0.fileExtension })
    }
}

/// What all text formats share: the byte order mark and the check of the encoding.
enum TextBytes {
    /// The bytes after a UTF-8 byte order mark, if there is one.
    /// - Throws: `TaskError.malformed` when the mark is one of UTF-16
    static func withoutMark(_ bytes: [UInt8], file: String) throws(TaskError) -> ArraySlice<UInt8> {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return bytes.dropFirst(3) }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw .malformed(file: file, line: 1, problem: "UTF-16 byte order mark", mend: "save the file as UTF-8")
        }
        return bytes[...]
    }

    /// The text, or nil if the bytes are not UTF-8.
    static func string(_ bytes: ArraySlice<UInt8>) -> String? {
        // Repairing puts U+FFFD in the place of bad bytes, so only valid bytes come back unchanged.
        let text = String(decoding: bytes, as: UTF8.self)
        return text.utf8.elementsEqual(bytes) ? text : nil
    }
}
