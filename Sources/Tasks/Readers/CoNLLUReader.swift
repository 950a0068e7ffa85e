import Files

/// CoNLL-U, the format of Universal Dependencies: ten columns between tabs, a word a line, an empty line after each sentence
/// (universaldependencies.org/format.html).
///
/// A sentence is a row: `tokens` (FORM), `lemmas`, `tags` (UPOS), `xpos`, `feats`, `heads` (0 is the root, else the head's
/// number from 1) and `deprels`. A column that is `_` throughout a sentence is missing there. As in the official scripts, words
/// are the syntactic ones: the lines of multiword tokens (`1-2`) and of empty nodes (`8.1`) are skipped.
package enum CoNLLUReader: RowReader {
    package static let fileExtension = "conllu"

    /// Names of the columns that a row has, by place; the enhanced graph and the last column are not read.
    private static let columns: [(place: Int, field: String)] = [
        (1, "tokens"), (2, "lemmas"), (3, "tags"), (4, "xpos"), (5, "feats"), (6, "heads"), (7, "deprels"),
    ]
    private static let names = ["ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC"]
    private static let missing: Substring = "_"

    package static func read(
        text: ArraySlice<UInt8>, file: String, limit: Int?, options: ReadingOptions
    ) throws(TaskError) -> RowTable {
        var table = RowTable()
        table.columns = columns.map(\.field)
        var lines = SentenceLines(text, file: file, separatesAtTabs: true)
        var words: [SentenceLines.Line] = []
        func close() throws(TaskError) {
            if let first = words.first { table.rows.append(Row(line: first.number, values: try values(words, file))) }
            words = []
        }
        while table.rows.count < limit ?? Int.max, let line = try lines.next() {
            if line.cells.isEmpty {
                try close()
                table.skippedLines += 1
            } else if line.text.utf8.first == UInt8(ascii: "#") {
                table.skippedLines += 1
            } else {
                guard line.cells.count == names.count else {
                    throw .malformed(
                        file: file, line: line.number,
                        problem: "\(counted(line.cells.count, "column")) between tabs where CoNLL-U has \(names.count)",
                        fix: "separate the columns with tabs; for other columns, name the file .conll")
                }
                if try isWord(line, after: words.count, file) { words.append(line) } else { table.skippedLines += 1 }
            }
        }
        if table.rows.count < limit ?? Int.max { try close() }
        return table
    }

    /// Whether a line is a word of the tree, and not a multiword token or an empty node.
    private static func isWord(_ line: SentenceLines.Line, after count: Int, _ file: String) throws(TaskError) -> Bool {
        let id = line.cells[0]
        if Int(id) == count + 1 { return true }
        for mark in ["-", "."] {
            let parts = id.split(separator: mark, omittingEmptySubsequences: false).map { Int($0) }
            if parts.count == 2, let from = parts[0], let to = parts[1], from >= 0, to >= 0 { return false }
        }
        throw fault(
            line, 0, file, fix: "expected \(count + 1): words are numbered from 1 in each sentence, after an empty line"
        )
    }

    private static func fault(_ line: SentenceLines.Line, _ place: Int, _ file: String, fix: String) -> TaskError {
        .malformed(
            file: file, line: line.number, problem: "\(names[place]) is '\(shown(String(line.cells[place])))'", fix: fix
        )
    }

    private static func values(
        _ words: [SentenceLines.Line], _ file: String
    ) throws(TaskError) -> [String: FieldValue] {
        var values: [String: FieldValue] = [:]
        for (place, field) in columns {
            // An underscore is a word, too
            if field != "tokens", words.allSatisfy({ $0.cells[place] == missing }) { continue }
            var column: [FieldValue] = []
            for word in words {
                column.append(
                    field == "heads"
                        ? .integer(try head(word, of: words.count, file)) : .string(String(word.cells[place])))
            }
            values[field] = .list(column)
        }
        return values
    }

    private static func head(_ word: SentenceLines.Line, of count: Int, _ file: String) throws(TaskError) -> Int {
        guard let head = Int(word.cells[6]), (0...count).contains(head) else {
            throw fault(
                word, 6, file, fix: "expected the number of a word from 1 to \(count), or 0 for the root")
        }
        return head
    }
}
