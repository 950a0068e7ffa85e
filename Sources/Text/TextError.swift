import Files

/// What can be wrong with a tokenizer's files. Every case gives the file, the place, the value found, the value expected,
/// and a fix.
package enum TextError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The folder holds none of the files that describe a tokenizer.
    case noTokenizer(folder: String)
    /// vocab.json is present without merges.txt.
    case noMerges(folder: String)
    /// The file exists but could not be read.
    case unreadable(file: String, reason: String)
    /// Not a tokenizer's file but something known.
    case content(file: String, found: String, fix: String)
    /// Not JSON: `offset` is in bytes from the file's start.
    case notJSON(file: String, offset: Int, found: String, expected: String)
    /// A field is missing or has another type or value than the format has.
    case field(file: String, field: String, found: String, expected: String, fix: String)
    /// A field asks for something this version does not do.
    case unsupported(file: String, field: String, found: String, supported: String)
    /// The file in which the tokenizer lies is damaged.
    case file(FileError)
    /// A token of the vocabulary is wrong; `place` is a line or a key.
    case vocabulary(file: String, place: String, found: String, expected: String)

    package var description: String { oneLine(text) }

    private var text: String {
        switch self {
        case .noTokenizer(let folder):
            return
                "\(folder): found no tokenizer.json, vocab.txt, or vocab.json with merges.txt; copy one to this folder"
        case .noMerges(let folder):
            return
                "\(folder): found vocab.json without merges.txt, expected both or a tokenizer.json; copy merges.txt too"
        case .file(let error): return error.description
        case .unreadable(let file, let reason):
            return "\(file): cannot be read (\(reason)); expected a readable file; check its path and permissions"
        case .content(let file, let found, let fix):
            return "\(file): found \(found), expected a tokenizer file; \(fix)"
        case .notJSON(let file, let offset, let found, let expected):
            return "\(file): byte \(offset): \(found), expected \(expected); the file is damaged; copy it again"
        case .field(let file, let field, let found, let expected, let fix):
            return "\(file): \(field): \(found), expected \(expected); \(fix)"
        case .unsupported(let file, let field, let found, let supported):
            return "\(file): \(field): \(found) is not supported, only \(supported); use a model with such a tokenizer"
        case .vocabulary(let file, let place, let found, let expected):
            return
                "\(file): \(place): \(found), expected \(expected); use the vocabulary that the model was trained with"
        }
    }
}
