import Files

/// The records of a file that is read as a whole: a JSON array, SQuAD's articles, or rows in a format that only task data has.
struct WholeRecords {
    /// As messages show it.
    let name: String

    private static let shapes = "expected an array of objects, {\"data\": [...]}, or JSON Lines"

    /// The records of one JSON value: of an array its objects, of SQuAD's articles a record for each question.
    /// - Parameter content: the file's text, without byte order mark
    /// - Returns: nil where the file is JSON Lines
    /// - Throws: `TaskError.malformed` for a file that is no such value
    func json(_ content: ArraySlice<UInt8>) throws(TaskError) -> [RecordResult]? {
        var elements = JSONElements(content, file: name)
        if elements.current != UInt8(ascii: "["), JSONArrayReader.isJSONLines(content) || elements.current == nil {
            return nil
        }
        var results: [RecordResult] = []
        if elements.current == UInt8(ascii: "{") {
            try elements.open()
            var isFirst = true
            var hasData = false
            while try elements.next(closing: UInt8(ascii: "}"), isFirst: isFirst) {
                isFirst = false
                if try elements.key() == "data", elements.current == UInt8(ascii: "[") {
                    hasData = true
                    try array(&elements, into: &results)
                } else {
                    try elements.check(try elements.value())
                }
            }
            guard hasData else {
                throw .malformed(
                    file: name, line: 1, problem: "an object without a list under 'data'", fix: Self.shapes)
            }
        } else if elements.current == UInt8(ascii: "[") {
            try array(&elements, into: &results)
        } else {
            throw .malformed(
                file: name, line: elements.line, problem: "neither an array nor an object", fix: Self.shapes)
        }
        try elements.end()
        return results
    }

    private func array(_ elements: inout JSONElements, into results: inout [RecordResult]) throws(TaskError) {
        try elements.open()
        var index = 0
        var isSQuAD = false
        while try elements.next(closing: UInt8(ascii: "]"), isFirst: index == 0) {
            let line = elements.line
            let content = try elements.value()
            if index == 0 { isSQuAD = SQuADArticles.isArticle(content, file: name) }
            do throws(TaskError) {
                if isSQuAD {
                    results += try SQuADArticles.rows(content, index: index, file: name, line: line, limit: nil)
                        .map { .record(Record($0, columns: [])) }
                } else {
                    var record = try Record(json: content, line: line, file: name)
                    // A value may span lines here, and its output must not
                    for i in record.fields.indices {
                        record.fields[i].json = String(
                            record.fields[i].json.unicodeScalars.map { $0 == "\n" || $0 == "\r" ? " " : Character($0) })
                    }
                    results.append(.record(record))
                }
            } catch {
                results.append(.bad(line: line, error))
            }
            index += 1
        }
    }

    /// The rows of a format as records.
    /// - Parameter content: the file's text, without byte order mark
    /// - Throws: what the format's reader throws: no line of such a file is a record by itself
    func rows(_ content: ArraySlice<UInt8>, of reader: any RowReader.Type) throws(TaskError) -> [RecordResult] {
        let table = try reader.read(text: content, file: name, limit: nil, options: ReadingOptions())
        return table.rows.map { .record(Record($0, columns: table.columns)) }
    }
}

extension Record {
    /// A row's values in the order of the columns; others follow by name. Values that are neither flat nor lists are left out.
    init(_ row: Row, columns: [String]) {
        let others = row.values.keys.filter { !columns.contains($0) }.sorted()
        self.init(
            line: row.line,
            fields: (columns + others).compactMap { name in
                guard let value = row.values[name], value != .other else { return nil }
                return Field(name, value, json: value.json)
            })
    }

    /// An object's members in their order.
    /// - Throws: `TaskError.malformed`
    init(json bytes: ArraySlice<UInt8>, line: Int, file: String) throws(TaskError) {
        let fix = "expected one JSON object per line"
        let bytes = Array(bytes)
        let found: [(key: String, value: JSONValue, source: Range<Int>)]?
        do throws(JSONFault) { found = try JSONReader.members(bytes) } catch {
            throw .malformed(error, file: file, line: line, fix: fix)
        }
        guard let members = found else {
            let kind = (try? JSONReader.read(bytes)).map { FieldValue($0).typeName } ?? "a value"
            throw .malformed(file: file, line: line, problem: "\(kind), not a JSON object", fix: fix)
        }
        var seen = Set<[UInt8]>()
        var fields: [Field] = []
        for (key, value, source) in members {
            guard seen.insert(Array(key.utf8)).inserted else {
                throw .malformed(
                    file: file, line: line, problem: "'\(shown(key))' appears twice", fix: "remove one of them")
            }
            fields.append(.init(key, FieldValue(value), json: String(decoding: bytes[source], as: UTF8.self)))
        }
        self.init(line: line, fields: fields)
    }
}

extension FieldValue {
    /// The value as JSON on one line; null for values that are not kept.
    fileprivate var json: String {
        switch self {
        case .string(let text): JSONText.quoted(text)
        case .integer(let integer): String(integer)
        case .number(let number): JSONText.number(number)
        case .boolean(let flag): flag ? "true" : "false"
        case .null, .other: "null"
        case .list(let items): "[\(items.map(\.json).joined(separator: ","))]"
        case .object(let members):
            "{\(members.keys.sorted().map { "\(JSONText.quoted($0)):\(members[$0]?.json ?? "null")" }.joined(separator: ","))}"
        }
    }
}
