import Files

/// The columns of the CoNLL-2012 shared task, which OntoNotes 5 comes in (Pradhan et al. 2012): a token a line, twelve columns or
/// more between spaces, an empty line after each sentence, lines with `#begin document` and `#end document`.
///
/// A sentence is a row: `tokens`, `pos`, `tags` (the named entities in brackets as B-TYPE, I-TYPE and O), `speakers`,
/// `coreference` (the last column as it is) and `document` (its name and part). For kinds of task that read documents, a
/// document, or a part of one, is a row: `sentences`, `clusters` (of mentions `[first, last]`, from the last column) and
/// `document`.
package enum CoNLL2012Reader: RowReader {
    package static let fileExtension = "conll2012"

    private static let columns: [(place: Int, field: String)] = [
        (wordColumn, "tokens"), (4, "pos"), (9, "speakers"),
    ]
    static let wordColumn = 3
    private static let entityColumn = 10
    private static let fewestColumns = 12

    package static func read(
        text: ArraySlice<UInt8>, file: String, limit: Int?, options: ReadingOptions
    ) throws(TaskError) -> RowTable {
        var table = RowTable()
        table.columns =
            options.rowsAreDocuments
            ? ["sentences", "clusters", "document"] : columns.map(\.field) + ["tags", "coreference", "document"]
        var lines = SentenceLines(text, file: file, separatesAtTabs: false)
        var words: [SentenceLines.Line] = []
        var document = CoNLL2012Document(file: file)
        func closeDocument() {
            if let row = document.row { table.rows.append(row) }
            document = CoNLL2012Document(file: file)
        }
        func close() throws(TaskError) {
            defer { words = [] }
            guard let first = words.first else { return }
            guard options.rowsAreDocuments else {
                return table.rows.append(Row(line: first.number, values: try values(words, file)))
            }
            let name = Self.name(first)
            if let other = document.name, other != name { closeDocument() }
            try document.append(words, name: name)
        }
        while table.rows.count < limit ?? Int.max, let line = try lines.next() {
            let isBorder = line.text.hasPrefix("#begin document") || line.text.hasPrefix("#end document")
            if line.cells.isEmpty || isBorder {
                try close()
                if isBorder { closeDocument() }
                table.skippedLines += 1
                continue
            }
            guard line.cells.count >= fewestColumns else {
                throw .malformed(
                    file: file, line: line.number,
                    problem: "\(counted(line.cells.count, "column")) where CoNLL-2012 has at least \(fewestColumns)",
                    fix: "for other columns, set format: conll in a task YAML")
            }
            words.append(line)
        }
        if table.rows.count < limit ?? Int.max {
            try close()
            closeDocument()
        }
        return table
    }

    /// The document and its part.
    private static func name(_ word: SentenceLines.Line) -> String { "\(word.cells[0]) \(word.cells[1])" }

    private static func values(
        _ words: [SentenceLines.Line], _ file: String
    ) throws(TaskError) -> [String: FieldValue] {
        func column(_ cell: (SentenceLines.Line) -> Substring?) -> FieldValue {
            .list(words.map { .string(cell($0).map { String($0) } ?? "") })
        }
        var values: [String: FieldValue] = [:]
        for (place, field) in columns { values[field] = column { $0.cells[place] } }
        values["coreference"] = column { $0.cells.last }
        values["tags"] = .list(try tags(words, file).map { .string($0) })
        values["document"] = .string(Self.name(words[0]))
        return values
    }

    /// Tags of entities that are written `(TYPE*`, `*`, `*)` or `(TYPE)`.
    private static func tags(_ words: [SentenceLines.Line], _ file: String) throws(TaskError) -> [String] {
        var tags: [String] = []
        var open: String?
        func fault(_ word: SentenceLines.Line, _ fix: String) -> TaskError {
            .malformed(
                file: file, line: word.number,
                problem: "the named entity is '\(shown(String(word.cells[entityColumn])))'", fix: fix)
        }
        for word in words {
            let cell = Array(word.cells[entityColumn].utf8)
            let closes = cell.last == UInt8(ascii: ")")
            if cell.first == UInt8(ascii: "(") {
                let type = String(
                    decoding: cell.dropFirst().prefix { $0 != UInt8(ascii: "*") && $0 != UInt8(ascii: ")") },
                    as: UTF8.self)
                guard open == nil, !type.isEmpty else {
                    throw fault(word, "expected (TYPE) or (TYPE*, outside another entity")
                }
                tags.append("B-" + type)
                open = closes ? nil : type
            } else if let type = open {
                tags.append("I-" + type)
                if closes { open = nil }
            } else {
                guard !closes else {
                    throw fault(word, "expected * outside an entity, or ( before the type where it begins")
                }
                tags.append("O")
            }
        }
        if open != nil, let last = words.last { throw fault(last, "expected *) at the end of the entity that is open") }
        return tags
    }
}
