import Files
import Foundation
import Tasks

/// Records to predict: the lines of a file, of standard input, or of bytes in memory.
///
/// The whole source has one format. A file's extension determines it; of a stream the first line does: JSON Lines if it starts
/// with an opening brace, else plain text. A source is read once, by one call of
/// ``Predictor/predict(_:options:write:)``, and holds no more than a portion in memory, except `.json`, `.gz` and formats
/// that only task data has (``Format/conll`` and those after it).
public final class RecordSource: @unchecked Sendable {  // the bytes are handed out once, behind the lock
    /// How records are written.
    public enum Format: String, Sendable, CaseIterable {
        /// A text a line; an empty line is an empty text.
        case text
        /// A JSON object a line; blank lines are skipped.
        case jsonLines = "jsonl"
        /// One JSON array of objects, or SQuAD's JSON, in which each question is a record; it is read as a whole.
        case json
        /// Comma-separated values with a header.
        case csv
        /// Tab-separated values with a header.
        case tsv
        /// CoNLL's columns: a sentence is a record; read as a whole.
        case conll
        /// CoNLL-U: a sentence is a record; read as a whole.
        case conllu
        /// OntoNotes' columns: a sentence is a record; read as a whole.
        case conll2012
        /// Debian's control files: a paragraph is a record; read as a whole.
        case deb822

        fileprivate var stored: RecordFormat {
            switch self {
            case .text: .text
            case .jsonLines: .jsonl
            case .json: .json
            case .csv: .csv
            case .tsv: .tsv
            case .conll: .conll
            case .conllu: .conllu
            case .conll2012: .conll2012
            case .deb822: .deb822
            }
        }
    }

    /// What a quote means in CSV and TSV.
    public enum Quoting: String, Sendable, CaseIterable {
        /// At a cell's start it opens a quoted cell, which may span lines.
        case standard
        /// It is a character like any other.
        case none
    }

    let reader: RecordReader
    private let lock = NSLock()
    private var stream: ByteStream?

    /// What messages call the source.
    public var name: String { reader.name }

    /// Opens a file. One that ends with .gz is decompressed as a whole.
    /// - Parameters:
    ///   - file: With records.
    ///   - format: Nil for that of the extension: .txt, .jsonl, .ndjson, .json, .csv, .tsv, .conll, .conllu, .conll2012 or
    ///     .deb822, each also with .gz.
    ///   - quoting: Of CSV and TSV.
    /// - Throws: ``AmalgamError/Kind/missingFile``, ``AmalgamError/Kind/unreadableFile``, and
    ///   ``AmalgamError/Kind/invalidContent`` for an extension that tells no format.
    public convenience init(
        contentsOf file: URL, format: Format? = nil, quoting: Quoting = .standard
    ) throws(AmalgamError) {
        let (stream, format) = try translated {
            let stream =
                try file.pathExtension.lowercased() == "gz"
                ? ByteStream(DataBytes(contentsOf: file).text, name: file.path) : ByteStream(file)
            return (stream, try format?.stored ?? RecordFormat.of(file: file.relativePath))
        }
        self.init(stream, format, quoting)
    }

    /// Reads a stream, such as a pipe: lines are answered as they come.
    /// - Parameters:
    ///   - handle: Stays open.
    ///   - name: What messages call it.
    ///   - format: Nil for what the first line tells.
    ///   - quoting: Of CSV and TSV.
    /// - Throws: ``AmalgamError/Kind/unreadableFile`` for a folder.
    public convenience init(
        _ handle: FileHandle, name: String = "standard input", format: Format? = nil, quoting: Quoting = .standard
    ) throws(AmalgamError) {
        let stream = try translated { try ByteStream(descriptor: handle.fileDescriptor, name: name) }
        self.init(stream, format?.stored, quoting, holding: handle)
    }

    /// Records in memory.
    /// - Parameters:
    ///   - data: Their bytes, UTF-8.
    ///   - name: What messages call them.
    ///   - format: Nil for what the first line tells.
    ///   - quoting: Of CSV and TSV.
    public convenience init(
        data: Data, name: String = "records", format: Format? = nil, quoting: Quoting = .standard
    ) {
        self.init(ByteStream(data, name: name), format?.stored, quoting)
    }

    /// Keeps the stream's descriptor open.
    private let handle: FileHandle?

    private init(_ stream: ByteStream, _ format: RecordFormat?, _ quoting: Quoting, holding handle: FileHandle? = nil) {
        self.stream = stream
        self.handle = handle
        reader = RecordReader(name: stream.name, format: format, quotes: quoting == .standard)
    }

    /// The bytes, for who reads them.
    /// - Throws: ``AmalgamError/Kind/option`` for a source that was read before
    func take() throws(AmalgamError) -> ByteStream {
        let stream = lock.withLock {
            defer { self.stream = nil }
            return self.stream
        }
        if let stream { return stream }
        throw AmalgamError.make(
            .option, "\(name): found a source that was read before, expected a new one", field: "source",
            found: "a source that was read before", expected: "a new one")
    }
}
