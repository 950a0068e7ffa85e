/// JSON Lines: one object a line. Lines end with LF, CRLF or, throughout, CR; lines of white space are skipped.
package enum JSONLReader: RowReader {
    package static let fileExtension = "jsonl"

    package static func read(
        text: ArraySlice<UInt8>, file: String, limit: Int?, options: ReadingOptions
    ) throws(TaskError) -> RowTable {
        var table = RowTable()
        var rest = text
        var line = 0
        let lineEnd = TextBytes.lineEnd(text)
        while !rest.isEmpty, table.rows.count < limit ?? Int.max {
            line += 1
            let end = rest.firstIndex(of: lineEnd) ?? rest.endIndex
            let content = rest[rest.startIndex..<end]
            rest = rest[min(end + 1, rest.endIndex)...]
            if content.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) {
                table.skippedLines += 1
                continue
            }
            if table.rows.isEmpty, content.first(where: { $0 != 0x20 && $0 != 0x09 }) == UInt8(ascii: "[") {
                throw .malformed(
                    file: file, line: line, problem: "a JSON array, not JSON Lines",
                    fix: "write one object per line, or rename the file to .json if it is one array of objects")
            }
            table.rows.append(Row(line: line, values: try JSONRow.values(content, file: file, line: line)))
        }
        return table
    }
}
