import Files

/// Reads a stream of texts in one format, however it is cut into pieces.
///
/// - `text`: each line is a record with one field, `text`; an empty line is an empty text.
/// - `jsonl`: each line is a JSON object; lines of white space are skipped, as in training.
/// - `json`: one array of objects, or SQuAD's articles; it is read as a whole, when the stream has ended.
/// - `csv`, `tsv`: the first record names the columns; a quoted cell may span lines; empty lines are skipped.
/// - the other formats of task data: read as a whole, too; a row is a record.
///
/// A byte order mark at the start is skipped. One format holds for the whole stream.
package struct RecordReader {
    /// As messages show it.
    package let name: String
    /// nil until the first line that is not blank has shown it.
    package private(set) var format: RecordFormat?
    /// Names of the columns of delimited text, once the header was read.
    package private(set) var header: [String]?
    /// Records whose quoted cells span lines, and the first line of the first of them.
    package private(set) var spanning: (count: Int, first: Int) = (0, 0)

    private let quotes: Bool
    private var splitter: RecordSplitter?
    /// What came before the format is known.
    private var start: [UInt8] = []
    private var hasEnded = false
    private var sawReturnAlone = false

    /// Bytes in which foreign content is looked for.
    private static let headBytes = 512
    /// Bytes of one record at most.
    package static let longest = 64 << 20

    /// - Parameters:
    ///   - format: nil: the first line that is not blank tells whether it is JSON Lines or text
    ///   - quotes: whether a quote at a cell's start opens a quoted cell
    package init(name: String, format: RecordFormat?, quotes: Bool = true) {
        self.name = name
        self.format = format
        self.quotes = quotes
    }

    /// Takes more bytes of the stream.
    /// - Returns: the records that are whole now, in order
    package mutating func read(_ bytes: [UInt8]) -> [RecordResult] { results(bytes, atEnd: false) }

    /// Ends the stream.
    /// - Returns: the records that its end makes whole
    package mutating func finish() -> [RecordResult] { results([], atEnd: true) }

    private mutating func results(_ bytes: [UInt8], atEnd: Bool) -> [RecordResult] {
        guard !hasEnded else { return [] }
        var results: [RecordResult] = []
        do throws(TaskError) {
            if splitter == nil {
                start += bytes
                if atEnd, format?.isWhole == true, let whole = try whole() {
                    hasEnded = true
                    return whole
                }
                guard try begin(atEnd: atEnd) else { return [] }
            } else {
                splitter?.append(bytes)
            }
            while let piece = splitter?.next(atEnd: atEnd) {
                if let result = try result(piece) { results.append(result) }
            }
            if let splitter, splitter.waiting > Self.longest {
                throw .malformed(
                    file: name, line: splitter.nextLine, problem: "a record of over \(Self.longest >> 20) MiB",
                    fix: "expected line breaks between records; check --format")
            }
            if atEnd, sawReturnAlone, splitter?.hasLineFeed == false {
                // Only now is it sure that no other line end comes
                results.removeAll()
                throw .malformed(
                    file: name, line: 1, problem: "the lines end with CR alone",
                    fix: "expected LF or CRLF; convert them: tr '\\r' '\\n'")
            }
        } catch {
            results.append(.fatal(error))
            hasEnded = true
        }
        if atEnd { hasEnded = true }
        return results
    }

    /// Skips the byte order mark and finds the format.
    /// - Returns: whether enough has come for it
    private mutating func begin(atEnd: Bool) throws(TaskError) -> Bool {
        // The first line, or its beginning, tells what the content is: so it does not matter how the bytes arrive
        guard atEnd || start.count >= Self.headBytes || start.contains(0x0A), format?.isWhole != true else {
            return false
        }
        try checkContent()
        let content = TextBytes.withoutMark(start)
        if format == nil {
            guard let found = try foundFormat(content, atEnd: atEnd) else { return false }
            format = found
        }
        try checkStart()
        var splitter = RecordSplitter(delimiter: quotes ? format?.delimiter : nil)
        splitter.append(content)
        self.splitter = splitter
        start = []
        return true
    }

    /// Refuses packed and UTF-16 content.
    private func checkContent() throws(TaskError) {
        if Gzip.isGzip(start) {
            throw .otherContent(
                file: name, found: "gzip data", fix: "add .gz to the name, or decompress it with gunzip")
        }
        if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) {
            throw .otherContent(
                file: name, found: "UTF-16 text", fix: "save the file as UTF-8: iconv -f UTF-16 -t UTF-8")
        }
    }

    /// Refuses content of another kind, which the first line tells.
    private func checkStart() throws(TaskError) {
        // A line of text may be anything, a web page's first line too
        let head = start.prefix(Self.headBytes)
        if format != .text,
            let other = FileContent(of: Array(head.prefix((head.firstIndex(of: 0x0A) ?? head.count) + 1)))
        {
            throw .otherContent(file: name, found: other.found, fix: other.fix)
        }
    }

    /// The records of a file that is read as a whole; nil where a file of JSON is JSON Lines, and is read as such.
    private mutating func whole() throws(TaskError) -> [RecordResult]? {
        let records = WholeRecords(name: name)
        let content = TextBytes.withoutMark(start)
        if let reader = format?.rowReader {
            try checkContent()
            try checkStart()
            return try records.rows(content, of: reader)
        }
        if let results = try records.json(content) { return results }
        format = .jsonl
        return nil
    }

    private func foundFormat(_ content: ArraySlice<UInt8>, atEnd: Bool) throws(TaskError) -> RecordFormat? {
        var lines = RecordSplitter(delimiter: nil)
        lines.append(content)
        while let (line, bytes) = lines.next(atEnd: atEnd) {
            if Self.isBlank(bytes) { continue }
            return try .of(firstLine: bytes, number: line, file: name)
        }
        // Nothing but blank lines: texts
        return atEnd ? .text : nil
    }

    private static func isBlank(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    }

    /// - Throws: what makes the rest unreadable
    private mutating func result(_ piece: RecordSplitter.Piece) throws(TaskError) -> RecordResult? {
        let (line, bytes) = piece
        if !sawReturnAlone, bytes.contains(0x0D) { sawReturnAlone = true }
        guard TextBytes.string(bytes) != nil else {
            let error = TaskError.malformed(
                file: name, line: badLine(bytes, from: line), problem: "not valid UTF-8",
                fix: "convert the input first: iconv -f WINDOWS-1252 -t UTF-8")
            if format?.delimiter != nil, header == nil { throw error }
            return .bad(line: line, error)
        }
        switch format ?? .text {
        case .text:
            let text = String(decoding: bytes, as: UTF8.self)
            return .record(
                Record(line: line, fields: [.init("text", .string(text), json: JSONText.quoted(text))]))
        case .jsonl, .json, .conll, .conllu, .conll2012, .deb822:
            if Self.isBlank(bytes) { return nil }
            do throws(TaskError) {
                return .record(try Record(json: bytes, line: line, file: name))
            } catch {
                return .bad(line: line, error)
            }
        case .csv, .tsv:
            if bytes.isEmpty { return nil }
            return try delimited(bytes, line: line)
        }
    }

    private func badLine(_ record: ArraySlice<UInt8>, from first: Int) -> Int {
        let parts = record.split(separator: 0x0A, omittingEmptySubsequences: false)
        return first + (parts.firstIndex { TextBytes.string($0) == nil } ?? 0)
    }

    private mutating func delimited(_ bytes: ArraySlice<UInt8>, line: Int) throws(TaskError) -> RecordResult? {
        let cells: [String]
        do throws(TaskError) {
            cells = try DelimitedRecord.cells(
                bytes, delimiter: format?.delimiter ?? 0, quotes: quotes, file: name, line: line)
        } catch {
            if header == nil { throw error }
            return .bad(line: line, error)
        }
        guard let header else {
            if let twice = firstDuplicate(cells) {
                throw .malformed(
                    file: name, line: line, problem: "column '\(shown(twice))' appears twice in the header",
                    fix: "rename one of them")
            }
            self.header = cells
            return nil
        }
        guard cells.count == header.count else {
            return .bad(
                line: line,
                .malformed(
                    file: name, line: line,
                    problem: "\(counted(cells.count, "cell")) where the header has \(header.count)",
                    fix: "put cells that contain a delimiter or a line break in double quotes"))
        }
        if bytes.contains(0x0A) { spanning = (spanning.count + 1, spanning.count == 0 ? line : spanning.first) }
        return .record(
            Record(
                line: line,
                fields: zip(header, cells).map { .init($0, .string($1), json: JSONText.quoted($1)) }))
    }
}
