import Files

/// A file of blocks of lines with empty lines between them: the lines' cells, and where blocks end. CoNLL's formats, whose sentences
/// have a line for each token, and deb822 share it.
struct SentenceLines {
    /// A line with content.
    struct Line {
        /// From 1.
        var number: Int
        var cells: [Substring]
        /// The whole line, without its end.
        var text: String
    }

    private let file: String
    private var rest: ArraySlice<UInt8>
    private let lineEnd: UInt8
    private let separatesAtTabs: Bool
    /// Lines read so far.
    private(set) var number = 0

    /// - Parameter separatesAtTabs: whether tabs alone separate cells; otherwise a line without tabs is cut at spaces
    init(_ text: ArraySlice<UInt8>, file: String, separatesAtTabs: Bool) {
        self.file = file
        self.separatesAtTabs = separatesAtTabs
        rest = text
        lineEnd = TextBytes.lineEnd(text)
    }

    var isAtEnd: Bool { rest.isEmpty }

    /// The next line; one of white space alone has no cells.
    /// - Throws: `TaskError.notUTF8`
    mutating func next() throws(TaskError) -> Line? {
        guard !rest.isEmpty else { return nil }
        number += 1
        let end = rest.firstIndex(of: lineEnd) ?? rest.endIndex
        var content = rest[rest.startIndex..<end]
        rest = rest[min(end + 1, rest.endIndex)...]
        if content.last == 0x0D { content = content.dropLast() }
        guard let text = TextBytes.string(content) else { throw .notUTF8(file: file, line: number) }
        return Line(number: number, cells: cells(text), text: text)
    }

    private func cells(_ text: String) -> [Substring] {
        let bytes = text.utf8
        guard !bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else { return [] }
        // At bytes: to Swift, a tab before a combining mark is another character
        if separatesAtTabs || bytes.contains(0x09) {
            return bytes.split(separator: 0x09, omittingEmptySubsequences: false).map { Substring($0) }
        }
        return bytes.split(separator: 0x20).map { Substring($0) }
    }
}
