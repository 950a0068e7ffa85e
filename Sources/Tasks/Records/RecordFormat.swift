import Files

/// How the records of a stream are written.
package enum RecordFormat: String, CaseIterable, Sendable {
    /// A text a line.
    case text
    /// A JSON object a line.
    case jsonl
    /// One JSON array of objects, or an object with such an array under `data`: read as a whole.
    case json
    /// Comma-separated values with a header.
    case csv
    /// Tab-separated values with a header.
    case tsv

    /// The byte between two cells; nil where there are none.
    var delimiter: UInt8? {
        switch self {
        case .text, .jsonl, .json: nil
        case .csv: UInt8(ascii: ",")
        case .tsv: 0x09
        }
    }

    /// By a file's extension.
    /// - Throws: `TaskError.unknownFormat`
    package static func of(file: String) throws(TaskError) -> RecordFormat {
        var name = file.lowercased()
        if name.hasSuffix(".gz") { name.removeLast(3) }
        for (ending, format) in endings where name.hasSuffix("." + ending) { return format }
        throw .malformed(
            file: file, line: 1, problem: "the format does not follow from the extension",
            fix: "give --format text, jsonl, csv or tsv")
    }

    private static let endings: [(String, RecordFormat)] = [
        ("jsonl", .jsonl), ("ndjson", .jsonl), ("json", .json), ("csv", .csv), ("tsv", .tsv), ("txt", .text),
    ]

    /// By the first line that is not blank: an opening brace begins JSON Lines, anything else is a text.
    /// - Throws: `TaskError.malformed` for a JSON array
    static func of(firstLine line: ArraySlice<UInt8>, number: Int, file: String) throws(TaskError) -> RecordFormat {
        let content = line.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
        if content.first == UInt8(ascii: "{") { return .jsonl }
        if content.first == UInt8(ascii: "[") {
            let isAlone = content.dropFirst().allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
            if isAlone || (try? JSONReader.read(Array(content))) != nil { throw Self.array(file: file, line: number) }
        }
        return .text
    }

    static func array(file: String, line: Int) -> TaskError {
        .malformed(
            file: file, line: line, problem: "a JSON array",
            fix:
                "expected one JSON object per line (convert with jq -c '.[]'); if this is plain text, use --format text"
        )
    }
}
