import Files

/// JSON as one value: an array of objects, or an object with such an array under `data`, as datasets and pandas write it.
/// Elements that are SQuAD's articles have a row for each question (`SQuADArticles`). A file of JSON Lines under this name is read as such.
package enum JSONArrayReader: RowReader {
    package static let fileExtension = "json"

    private static let shapes = "expected an array of objects, {\"data\": [...]}, or JSON Lines"

    package static func read(
        text: ArraySlice<UInt8>, file: String, limit: Int?, options: ReadingOptions
    ) throws(TaskError) -> RowTable {
        var elements = JSONElements(text, file: file)
        switch elements.current {
        case UInt8(ascii: "["): return try rows(&elements, limit: limit)
        case UInt8(ascii: "{"):
            if isJSONLines(text) {
                return try JSONLReader.read(text: text, file: file, limit: limit, options: options)
            }
            return try rows(ofObject: &elements, limit: limit)
        case nil: return RowTable()
        default:
            throw .malformed(
                file: file, line: elements.line, problem: "neither an array nor an object", fix: shapes)
        }
    }

    /// Whether the first line is an object by itself, and another begins behind it.
    static func isJSONLines(_ text: ArraySlice<UInt8>) -> Bool {
        let lines = text.split(separator: TextBytes.lineEnd(text), omittingEmptySubsequences: true)
            .lazy.filter { $0.contains { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D } }.prefix(2).map { $0 }
        guard lines.count == 2, let first = lines.first, let second = lines.last,
            second.first(where: { $0 != 0x20 && $0 != 0x09 }) == UInt8(ascii: "{"),
            case .object? = try? JSONReader.read(Array(first))
        else { return false }
        return true
    }

    private static func rows(_ elements: inout JSONElements, limit: Int?) throws(TaskError) -> RowTable {
        let table = try array(&elements, limit: limit)
        if limit == nil { try elements.end() }
        return table
    }

    private static func rows(ofObject elements: inout JSONElements, limit: Int?) throws(TaskError) -> RowTable {
        var table: RowTable?
        var keys: [String] = []
        try elements.open()
        while try elements.next(closing: UInt8(ascii: "}"), isFirst: keys.isEmpty) {
            let key = try elements.key()
            let line = elements.line
            guard !keys.contains(key) else {
                throw .malformed(
                    file: elements.file, line: line, problem: "'\(shown(key))' appears twice",
                    fix: "remove one of them")
            }
            keys.append(key)
            if key == "data", elements.current == UInt8(ascii: "[") {
                table = try array(&elements, limit: limit)
                if limit != nil { break }
            } else {
                try elements.check(try elements.value())
            }
        }
        guard let table else {
            let found = keys.prefix(5).map { "'\(shown($0))'" }.joined(separator: ", ")
            throw .malformed(
                file: elements.file, line: 1,
                problem:
                    "an object with \(keys.isEmpty ? "no keys" : "the keys \(found)\(keys.count > 5 ? ", …" : "")")",
                fix: shapes)
        }
        if limit == nil { try elements.end() }
        return table
    }

    private static func array(_ elements: inout JSONElements, limit: Int?) throws(TaskError) -> RowTable {
        var table = RowTable()
        var isSQuAD = false
        var index = 0
        try elements.open()
        while try elements.next(closing: UInt8(ascii: "]"), isFirst: index == 0) {
            let line = elements.line
            let content = try elements.value()
            if index == 0 { isSQuAD = SQuADArticles.isArticle(content, file: elements.file) }
            if isSQuAD {
                table.rows += try SQuADArticles.rows(
                    content, index: index, file: elements.file, line: line, limit: limit.map { $0 - table.rows.count })
            } else {
                table.rows.append(
                    Row(
                        line: line,
                        values: try JSONRow.values(
                            content, file: "\(elements.file)[\(index)]", line: line, fix: "expected one object per row"
                        ),
                        element: index))
            }
            index += 1
            if table.rows.count == limit { break }
        }
        return table
    }
}
