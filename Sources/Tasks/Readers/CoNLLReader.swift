import Files

/// CoNLL's columns: a token a line, its columns between tabs or spaces, an empty line between sentences (Tjong Kim Sang and
/// De Meulder 2003).
///
/// A sentence is a row. `tokens` is its first column and `tags` its last; `1`, `2`, … are all columns by number, so that
/// `fields: {tokens: 2, tags: 4}` of a task YAML chooses others. A line with tabs is cut at them, and any other at runs of spaces.
/// Lines with `-DOCSTART-` are skipped. So are comments: lines that begin with `#`, stand before a sentence's first token, and
/// have another number of columns than the file's tokens, or contain ` = `.
package enum CoNLLReader: RowReader {
    package static let fileExtension = "conll"

    private static let documentStart = "-DOCSTART-"
    private static let commentMark = UInt8(ascii: "#")

    package static func read(
        text: ArraySlice<UInt8>, file: String, limit: Int?, options: ReadingOptions
    ) throws(TaskError) -> RowTable {
        var table = RowTable()
        let width = try columns(of: text, file: file)
        table.columns = ["tokens"] + (width > 1 ? ["tags"] : []) + (0..<width).map { "\($0 + 1)" }
        var lines = SentenceLines(text, file: file, separatesAtTabs: false)
        var first = 0
        var sentence: [[FieldValue]] = []
        func close() {
            if let row = Self.row(sentence, line: first) { table.rows.append(row) }
            sentence = []
        }
        while table.rows.count < limit ?? Int.max, let line = try lines.next() {
            if line.cells.first.map({ $0 == documentStart }) ?? true {
                close()
                table.skippedLines += 1
                continue
            }
            if sentence.isEmpty {
                if isComment(line, columns: width) {
                    table.skippedLines += 1
                    continue
                }
                first = line.number
                sentence = [[FieldValue]](repeating: [], count: line.cells.count)
            }
            guard line.cells.count == sentence.count else {
                throw .malformed(
                    file: file, line: line.number,
                    problem:
                        "\(counted(line.cells.count, "column")) where the sentence's first token has \(sentence.count)",
                    fix: "separate columns with tabs, and sentences with an empty line")
            }
            for (place, cell) in line.cells.enumerated() { sentence[place].append(.string(String(cell))) }
        }
        if table.rows.count < limit ?? Int.max { close() }
        return table
    }

    /// Columns of the first line that can only be a token; of the first line that begins with `#` if there is no such line.
    private static func columns(of text: ArraySlice<UInt8>, file: String) throws(TaskError) -> Int {
        var lines = SentenceLines(text, file: file, separatesAtTabs: false)
        var marked: Int?
        while let line = try lines.next() {
            guard let cell = line.cells.first, cell != documentStart else { continue }
            guard line.text.utf8.first == commentMark else { return line.cells.count }
            if marked == nil, !line.text.contains(" = ") { marked = line.cells.count }
        }
        return marked ?? 0
    }

    /// Whether a line before a sentence is a comment; a token may be `#` or begin with it.
    private static func isComment(_ line: SentenceLines.Line, columns: Int) -> Bool {
        line.text.utf8.first == commentMark
            && (line.cells.count != columns || line.text.contains(" = ") || line.text.hasPrefix("#begin document"))
    }

    private static func row(_ sentence: [[FieldValue]], line: Int) -> Row? {
        guard let tokens = sentence.first, let tags = sentence.last else { return nil }
        var values: [String: FieldValue] = ["tokens": .list(tokens)]
        if sentence.count > 1 { values["tags"] = .list(tags) }
        for (place, column) in sentence.enumerated() { values["\(place + 1)"] = .list(column) }
        return Row(line: line, values: values)
    }
}
