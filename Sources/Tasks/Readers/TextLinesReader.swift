/// Plain text: each line that is not blank is a row with the column `text`.
package enum TextLinesReader: RowReader {
    package static let fileExtension = "txt"
    private static let column = "text"

    package static func read(
        text: ArraySlice<UInt8>, file: String, limit: Int?, options: ReadingOptions
    ) throws(TaskError) -> RowTable {
        var table = RowTable()
        table.columns = [column]
        var lines = SentenceLines(text, file: file, separatesAtTabs: true)
        while table.rows.count < limit ?? Int.max, let line = try lines.next() {
            if line.cells.isEmpty {
                table.skippedLines += 1
            } else {
                table.rows.append(Row(line: line.number, values: [column: .string(line.text)]))
            }
        }
        return table
    }
}
