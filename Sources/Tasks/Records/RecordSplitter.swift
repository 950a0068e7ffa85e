/// Cuts a stream of bytes into records, whatever pieces it comes in.
///
/// A record ends at LF or CRLF; in delimited text, not within quotes. A quote opens a quoted cell at the cell's start
/// alone, as `DelimitedText` has it. What is wrong within a record is left to whoever takes it apart, so that a bad one
/// costs only itself.
struct RecordSplitter {
    /// A record's bytes without its end, and the line that it starts in.
    typealias Piece = (line: Int, bytes: ArraySlice<UInt8>)

    private enum State { case cellStart, plain, quoted, afterQuote }

    /// nil: records are lines.
    private let delimiter: UInt8?
    private var buffer: [UInt8] = []
    /// Where the record starts, and how far it was looked through.
    private var start = 0
    private var at = 0
    private var state = State.cellStart
    private var line: Int
    private var startLine: Int
    /// Whether any line feed was seen.
    private(set) var hasLineFeed = false

    /// - Parameters:
    ///   - delimiter: between quoted cells; nil where records are lines.
    ///   - line: the number of the first one.
    init(delimiter: UInt8?, line: Int = 1) {
        self.delimiter = delimiter
        self.line = line
        startLine = line
    }

    mutating func append(_ bytes: some Collection<UInt8>) {
        buffer.removeSubrange(..<start)
        at -= start
        start = 0
        buffer += bytes
    }

    /// Bytes of the record that has not ended yet.
    var waiting: Int { buffer.count - start }

    /// The line that the next record starts in.
    var nextLine: Int { startLine }

    /// The next record that is whole; nil where there is none yet.
    /// - Parameter atEnd: no more bytes will come, which ends the last record.
    mutating func next(atEnd: Bool) -> Piece? {
        if findEnd() { return taken(to: at, next: at + 1) }
        guard atEnd, start < buffer.count else { return nil }
        return taken(to: buffer.count, next: buffer.count)
    }

    /// Moves to the line feed that ends the record.
    private mutating func findEnd() -> Bool {
        guard let delimiter else {
            at = buffer.withUnsafeBufferPointer { bytes in
                var at = at
                while at < bytes.count, bytes[at] != 0x0A { at += 1 }
                return at
            }
            return at < buffer.count
        }
        while at < buffer.count {
            let byte = buffer[at]
            if byte == 0x0A {
                if state != .quoted { return true }
                line += 1
            }
            switch (state, byte) {
            case (.cellStart, UInt8(ascii: "\"")), (.afterQuote, UInt8(ascii: "\"")): state = .quoted
            case (.quoted, UInt8(ascii: "\"")): state = .afterQuote
            case (.quoted, _): break
            case (_, delimiter): state = .cellStart
            default: state = .plain
            }
            at += 1
        }
        return false
    }

    private mutating func taken(to end: Int, next: Int) -> Piece {
        hasLineFeed = hasLineFeed || next > end
        // At the stream's end too: a CRLF that was cut
        let hasReturn = end > start && buffer[end - 1] == 0x0D
        let piece = (startLine, buffer[start..<(hasReturn ? end - 1 : end)])
        (start, at, state) = (next, next, .cellStart)
        line += 1
        startLine = line
        return piece
    }
}
