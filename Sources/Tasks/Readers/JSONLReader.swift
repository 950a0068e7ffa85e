/// JSON Lines: one object a line. Lines end with LF, CRLF or, throughout, CR; lines of white space are skipped.
package enum JSONLReader: RowReader {
    package static let fileExtension = "jsonl"

    package static func read(
        text: ArraySlice<UInt8>, file: String, limit: Int?, options: ReadingOptions
    ) throws(TaskError) -> RowTable {
        var table = RowTable()
        table.skippedLines = try forEachLine(text, file: file) { (line, content) throws(TaskError) in
            guard table.rows.count < limit ?? Int.max else { return false }
            table.rows.append(Row(line: line, values: try JSONRow.values(content, file: file, line: line)))
            return table.rows.count < limit ?? Int.max
        }
        return table
    }

    /// Passes on the lines with content, each with its number, until `body` gives false.
    /// - Returns: how many lines were blank
    /// - Throws: `TaskError.malformed` for a JSON array
    static func forEachLine(
        _ text: ArraySlice<UInt8>, file: String, _ body: (Int, ArraySlice<UInt8>) throws(TaskError) -> Bool
    ) throws(TaskError) -> Int {
        var rest = text
        var (line, blank, isFirst) = (0, 0, true)
        let lineEnd = TextBytes.lineEnd(text)
        while !rest.isEmpty {
            line += 1
            let end = rest.firstIndex(of: lineEnd) ?? rest.endIndex
            let content = rest[rest.startIndex..<end]
            rest = rest[min(end + 1, rest.endIndex)...]
            if content.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) {
                blank += 1
                continue
            }
            if isFirst, content.first(where: { $0 != 0x20 && $0 != 0x09 }) == UInt8(ascii: "[") {
                throw .malformed(
                    file: file, line: line, problem: "a JSON array, not JSON Lines",
                    fix: "write one object per line, or rename the file to .json if it is one array of objects")
            }
            isFirst = false
            guard try body(line, content) else { break }
        }
        return blank
    }
}
