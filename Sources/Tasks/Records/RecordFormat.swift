import Files

/// How the records of a stream are written.
package enum RecordFormat: String, CaseIterable, Sendable {
    /// A text a line.
    case text
    /// A JSON object a line.
    case jsonl
    /// One JSON array of objects, or an object with such an array under `data`, SQuAD's articles too: read as a whole.
    case json
    /// Comma-separated values with a header.
    case csv
    /// Tab-separated values with a header.
    case tsv
    /// Task data: a token a line.
    case conll
    /// Task data: a treebank.
    case conllu
    /// Task data: OntoNotes' columns.
    case conll2012
    /// Task data: Debian's control files.
    case deb822

    /// Of a format that only task data has: what reads it.
    var rowReader: (any RowReader.Type)? {
        switch self {
        case .text, .jsonl, .json, .csv, .tsv: nil
        case .conll, .conllu, .conll2012, .deb822: RowReaders.named(rawValue)
        }
    }

    /// Whether a stream is read to its end before its first record is known.
    var isWhole: Bool { self == .json || rowReader != nil }

    /// The byte between two cells; nil where there are none.
    var delimiter: UInt8? {
        switch self {
        case .text, .jsonl, .json, .conll, .conllu, .conll2012, .deb822: nil
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
            fix:
                "give --format \(allCases.dropLast().map(\.rawValue).joined(separator: ", ")) or \(Self.deb822.rawValue)"
        )
    }

    private static let endings: [(String, RecordFormat)] = [
        ("jsonl", .jsonl), ("ndjson", .jsonl), ("json", .json), ("csv", .csv), ("tsv", .tsv), ("txt", .text),
        ("conll", .conll), ("conllu", .conllu), ("conll2012", .conll2012), ("deb822", .deb822),
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
