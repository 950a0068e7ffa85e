import SwiftCSV

/// Comma-separated values with a header (RFC 4180).
package enum CSVReader: RowReader {
    package static let fileExtension = "csv"

    package static func read(_ bytes: [UInt8], file: String, limit: Int?) throws(TaskError) -> RowTable {
        try DelimitedText(delimiter: UInt8(ascii: ","), csvDelimiter: .comma, name: "','", file: file)
            .read(bytes, limit: limit)
    }
}

/// Tab-separated values with a header; quoted as CSV is.
package enum TSVReader: RowReader {
    package static let fileExtension = "tsv"

    package static func read(_ bytes: [UInt8], file: String, limit: Int?) throws(TaskError) -> RowTable {
        try DelimitedText(delimiter: 0x09, csvDelimiter: .tab, name: "a tab", file: file).read(bytes, limit: limit)
    }
}

/// Reads delimited text: finds the records here, has SwiftCSV take them apart.
///
/// A record ends at LF or CRLF outside quotes. A quote opens a quoted cell only at the cell's start; elsewhere it stands
/// for itself, as in Python's and spreadsheets' readers. White space of a cell is kept.
///
/// SwiftCSV works on characters, knows no line numbers, and takes a delimiter with a combining mark behind it for a
/// letter, a line separator inside a text for the record's end, and an unclosed quote for a closed one. So it gets the
/// records in a disguise in which only real delimiters, quotes and record ends look like such: `wire` and `text`.
struct DelimitedText {
    let delimiter: UInt8
    let csvDelimiter: CSVDelimiter
    /// The delimiter in a message.
    let name: String
    let file: String

    private static let quote = UInt8(ascii: "\"")

    func read(_ bytes: [UInt8], limit: Int?) throws(TaskError) -> RowTable {
        // One more for the header.
        let records = try split(try TextBytes.withoutMark(bytes, file: file), limit: limit.map { $0 + 1 })
        var table = RowTable()
        table.skippedLines = records.skippedLines
        let rows = try cells(records)
        guard let header = rows.first, let headerLine = records.lines.first else { return table }
        var seen = Set<String>()
        for column in header where !seen.insert(column).inserted {
            throw .malformed(
                file: file, line: headerLine, problem: "column '\(shown(column))' stands twice in the header",
                mend: "rename one of them")
        }
        for (cells, line) in zip(rows, records.lines).dropFirst() {
            guard cells.count == header.count else {
                throw .malformed(
                    file: file, line: line, problem: "\(cells.count) cells where the header has \(header.count)",
                    mend: "put cells that contain \(name) or a line break in double quotes")
            }
            var values: [String: FieldValue] = [:]
            for (column, cell) in zip(header, cells) { values[column] = .string(cell) }
            table.rows.append(Row(line: line, values: values))
        }
        return table
    }

    /// Records in disguise, one a line, and the line of the file at which each begins.
    private struct Records {
        var wire = String.UnicodeScalarView()
        var lines: [Int] = []
        var skippedLines = 0
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

        while index <= bytes.endIndex, records.lines.count < limit ?? Int.max {
            // A file's end is a record's end; after a last line break there is none left.
            let atEnd = index == bytes.endIndex
            if atEnd, start == index { break }
            let byte = atEnd ? 0x0A : bytes[index]
            let isBreak =
                byte == 0x0A || (byte == 0x0D && index + 1 < bytes.endIndex && bytes[index + 1] == 0x0A)
            if state == .quoted, atEnd {
                throw .malformed(
                    file: file, line: quoteLine, problem: "a quote opens here and never closes",
                    mend: "close it, or double the quotes that belong to the text")
            }
            if isBreak, state != .quoted {
                if index == start {
                    records.skippedLines += 1
                } else {
                    guard TextBytes.string(bytes[start..<index]) != nil else {
                        throw .notUTF8(file: file, line: badLine(bytes[start..<index], from: startLine))
                    }
                    records.wire.append("\n")
                    records.lines.append(startLine)
                }
                index += byte == 0x0D ? 2 : 1
                line += 1
                (start, startLine, state) = (index, line, .cellStart)
                continue
            }
            if byte == 0x0A { line += 1 }
            switch (state, byte) {
            case (.cellStart, Self.quote):
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
                    mend: "put the whole cell in quotes and double the quotes inside it")
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
        for part in record.split(separator: 0x0A, omittingEmptySubsequences: false) {
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
            mend: "double the quotes that belong to the text")
    }
}
