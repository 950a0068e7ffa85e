import Files
import SwiftCSV

/// Comma-separated values with a header (RFC 4180).
package enum CSVReader: RowReader {
    package static let fileExtension = "csv"

    package static func read(
        text: ArraySlice<UInt8>, file: String, limit: Int?, options: ReadingOptions
    ) throws(TaskError) -> RowTable {
        try DelimitedText(delimiter: UInt8(ascii: ","), file: file, options: options).read(text, limit: limit)
    }
}

/// Tab-separated values with a header; quoted as CSV is.
package enum TSVReader: RowReader {
    package static let fileExtension = "tsv"

    package static func read(
        text: ArraySlice<UInt8>, file: String, limit: Int?, options: ReadingOptions
    ) throws(TaskError) -> RowTable {
        try DelimitedText(delimiter: 0x09, file: file, options: options).read(text, limit: limit)
    }
}

/// Reads delimited text: finds the records here, has SwiftCSV take them apart.
///
/// A record ends at LF, CRLF or, where the first line ends with one, CR, outside quotes. A quote opens a quoted cell only
/// at the cell's start; elsewhere it stands for itself, as in Python's and spreadsheets' readers. White space of a cell
/// is kept.
///
/// SwiftCSV works on characters, knows no line numbers, and takes a delimiter with a combining mark behind it for a
/// letter, a line separator inside a text for the record's end, and an unclosed quote for a closed one. So it gets the
/// records in a disguise in which only real delimiters, quotes and record ends look like such: `wire` and `text`.
struct DelimitedText {
    let delimiter: UInt8
    let file: String
    let options: ReadingOptions

    private static let quote = UInt8(ascii: "\"")

    init(delimiter: UInt8, file: String, options: ReadingOptions) {
        self.delimiter = options.delimiter ?? delimiter
        self.file = file
        self.options = options
    }

    /// The delimiter in a message.
    private var delimiterName: String { delimiter == 0x09 ? "a tab" : "'\(Unicode.Scalar(delimiter))'" }

    func read(_ bytes: ArraySlice<UInt8>, limit: Int?) throws(TaskError) -> RowTable {
        let hasHeader = options.header == .firstRow
        let records = try split(bytes, limit: limit.map { $0 + (hasHeader ? 1 : 0) })
        var table = RowTable()
        table.skippedLines = records.skippedLines
        table.delimiter = delimiter
        table.cellsOverLines = records.cellsOverLines
        let rows = try cells(records)
        guard let first = rows.first, let firstLine = records.lines.first else { return table }
        switch options.header {
        case .firstRow: table.columns = first
        case .numbers: table.columns = first.indices.map { String($0 + 1) }
        case .names(let names):
            table.columns = names
            guard first != names else {
                throw .malformed(
                    file: file, line: firstLine, problem: "the first row repeats the names under header",
                    fix: "set header: true, or remove the row")
            }
        }
        if let twice = firstDuplicate(table.columns) {
            throw .malformed(
                file: file, line: firstLine, problem: "column '\(shown(twice))' appears twice in the header",
                fix: "rename one of them")
        }
        for (cells, line) in zip(rows, records.lines).dropFirst(hasHeader ? 1 : 0) {
            guard cells.count == table.columns.count else { throw wrongCount(cells.count, table.columns, line) }
            var values: [String: FieldValue] = [:]
            for (column, cell) in zip(table.columns, cells) { values[column] = .string(cell) }
            table.rows.append(Row(line: line, values: values))
        }
        return table
    }

    private func wrongCount(_ count: Int, _ columns: [String], _ line: Int) -> TaskError {
        let found = "\(counted(count, "cell")) where the header has \(columns.count)"
        if let other = Self.likelyDelimiter(columns) {
            return .malformed(
                file: file, line: line, problem: found,
                fix: "if that is the delimiter, set delimiter: \(other) in a task YAML")
        }
        guard options.quoting == .standard else {
            return .malformed(
                file: file, line: line, problem: found,
                fix: "no cell can contain \(delimiterName) under quoting: none; remove it, or set another delimiter")
        }
        return .malformed(
            file: file, line: line, problem: found,
            fix: "put cells that contain \(delimiterName) or a line break in double quotes")
    }

    /// What more likely stands between the cells, where a header seems to be one column.
    static func likelyDelimiter(_ columns: [String]) -> String? {
        guard columns.count == 1, let header = columns.first else { return nil }
        return [(";", "';'"), ("\t", "tab"), ("|", "'|'"), (",", "','")].first { header.contains($0.0) }?.1
    }

    /// Records in disguise, one a line, and the line of the file at which each begins.
    private struct Records {
        var wire = String.UnicodeScalarView()
        var lines: [Int] = []
        var skippedLines = 0
        var cellsOverLines: [Int] = []
    }

    private enum State { case cellStart, plain, quoted, afterQuote }

    private func split(_ bytes: ArraySlice<UInt8>, limit: Int?) throws(TaskError) -> Records {
        var records = Records()
        var state = State.cellStart
        var line = 1
        var start = bytes.startIndex
        var startLine = 1
        var quoteLine = 1
        var index = bytes.startIndex
        // Decided by the end of the first line: a lone CR within a text of other files is a character.
        var endsWithCR: Bool?

        while index <= bytes.endIndex, records.lines.count < limit ?? Int.max {
            // A file's end is a record's end; after a last line break there is none left.
            let atEnd = index == bytes.endIndex
            if atEnd, start == index { break }
            let byte = atEnd ? 0x0A : bytes[index]
            let isPair = byte == 0x0D && index + 1 < bytes.endIndex && bytes[index + 1] == 0x0A
            let isLast = index == bytes.endIndex - 1
            let isBreak = byte == 0x0A || isPair || (byte == 0x0D && (endsWithCR != false || isLast))
            if state == .quoted, atEnd {
                throw .malformed(
                    file: file, line: quoteLine, problem: "a quote opens here and never closes",
                    fix: "close it, or set quoting: none in a task YAML if quotes are plain characters")
            }
            if isBreak, state != .quoted {
                if !atEnd, endsWithCR == nil { endsWithCR = byte == 0x0D && !isPair }
                if index == start {
                    records.skippedLines += 1
                } else {
                    guard TextBytes.string(bytes[start..<index]) != nil else {
                        throw .notUTF8(file: file, line: badLine(bytes[start..<index], from: startLine))
                    }
                    records.wire.append("\n")
                    records.lines.append(startLine)
                }
                index += isPair ? 2 : 1
                line += 1
                (start, startLine, state) = (index, line, .cellStart)
                continue
            }
            if isBreak, !isPair {
                line += 1
                if records.cellsOverLines.last != quoteLine { records.cellsOverLines.append(quoteLine) }
            }
            switch (state, byte) {
            case (.cellStart, Self.quote) where options.quoting == .standard:
                (state, quoteLine) = (.quoted, line)
                records.wire.append("\"")
            case (.quoted, Self.quote):
                state = .afterQuote
                records.wire.append("\"")
            case (.afterQuote, Self.quote):
                state = .quoted
                records.wire.append("\"")
            case (.cellStart, delimiter), (.plain, delimiter), (.afterQuote, delimiter):
                state = .cellStart
                records.wire.append(Unicode.Scalar(delimiter))
            case (.afterQuote, 0x20):
                // Blanks between a closing quote and the delimiter say nothing.
                break
            case (.afterQuote, _):
                throw .malformed(
                    file: file, line: line, problem: "text after a closing quote",
                    fix:
                        "double the quotes inside the cell, or set quoting: none in a task YAML if quotes are plain "
                        + "characters")
            default:
                if state == .cellStart { state = .plain }
                records.wire.append(Self.disguised(byte))
            }
            index += 1
        }
        return records
    }

    private func badLine(_ record: ArraySlice<UInt8>, from first: Int) -> Int {
        var line = first
        for part in record.split(separator: TextBytes.lineEnd(record), omittingEmptySubsequences: false) {
            if TextBytes.string(part) == nil { return line }
            line += 1
        }
        return first
    }

    /// Letters and digits stay; every other byte of a cell becomes a private-use character, which combines with nothing
    /// and is neither blank nor line break.
    private static func disguised(_ byte: UInt8) -> Unicode.Scalar {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            return Unicode.Scalar(byte)
        default: return Unicode.Scalar(0xE000 + UInt32(byte)) ?? "\u{E000}"
        }
    }

    private static func text(_ cell: String) -> String {
        String(
            decoding: cell.unicodeScalars.map { $0.value >= 0xE000 ? UInt8($0.value - 0xE000) : UInt8($0.value) },
            as: UTF8.self)
    }

    private func cells(_ records: Records) throws(TaskError) -> [[String]] {
        var rows: [[String]] = []
        rows.reserveCapacity(records.lines.count)
        do {
            // The limit keeps the initialiser from parsing everything a first time.
            let csvDelimiter = CSVDelimiter(unicodeScalarLiteral: Character(Unicode.Scalar(delimiter)))
            try EnumeratedCSV(string: String(records.wire), delimiter: csvDelimiter, loadColumns: false, rowLimit: 0)
                .enumerateAsArray(startAt: 0, rowLimit: nil) { cells in rows.append(cells.map(Self.text)) }
        } catch {
            throw malformedRecord(records, index: rows.count)
        }
        // Records and rows must run side by side, or line numbers lie.
        guard rows.count == records.lines.count else { throw malformedRecord(records, index: rows.count) }
        return rows
    }

    private func malformedRecord(_ records: Records, index: Int) -> TaskError {
        .malformed(
            file: file, line: index < records.lines.count ? records.lines[index] : 1, problem: "quotes do not match",
            fix: "double the quotes that are part of the text")
    }
}
