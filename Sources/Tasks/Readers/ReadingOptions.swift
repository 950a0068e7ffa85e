/// How a task's data files are to be read, where their names do not say it.
package struct ReadingOptions: Equatable, Sendable {
    /// What double quotes mean in CSV and TSV.
    package enum Quoting: String, CaseIterable, Sendable {
        /// As in RFC 4180: a quoted cell may hold delimiters, line ends and doubled quotes.
        case standard
        /// Nothing: a quote is a character like others.
        case none
    }

    /// Where the names of the columns come from in CSV and TSV.
    package enum Header: Equatable, Sendable {
        /// The first row.
        case firstRow
        /// Their places: `1`, `2`, …; the first row is data.
        case numbers
        /// This list; the first row is data.
        case names([String])
    }

    /// The extension that says how all files are to be read, whatever their names; nil: each file's own.
    package var format: String?
    package var quoting = Quoting.standard
    package var header = Header.firstRow
    /// Between the cells; nil: what the extension says.
    package var delimiter: UInt8?
    /// Of the bytes; nil: UTF-8, or UTF-16 where a byte order mark says so.
    package var encoding: TextEncoding?
    /// Whether a row is a document, and not a sentence, in formats that have both. A task's kind says it.
    package var rowsAreDocuments = false

    package init() {}

    /// Whether something is set that only CSV and TSV have.
    var isForDelimitedText: Bool { quoting != .standard || header != .firstRow || delimiter != nil }

    /// A byte that can stand between cells, or nil: a character of ASCII that is no letter, digit, quote or line end.
    static func delimiter(_ text: String) -> UInt8? {
        if ["tab", "\\t"].contains(text) { return 0x09 }
        guard text.utf8.count == 1, let byte = text.utf8.first, byte == 0x09 || (0x20...0x7E).contains(byte) else {
            return nil
        }
        let isTaken =
            byte == UInt8(ascii: "\"") || Unicode.Scalar(byte).properties.isAlphabetic
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        return isTaken ? nil : byte
    }
}
