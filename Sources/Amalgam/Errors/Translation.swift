import Adapters
import Bundles
import Corpora
import Files
import Foundation
import Models
import Numerics
import Tasks
import Text
import Training

/// Runs a body of this library; whatever the targets below throw becomes an `AmalgamError`.
func translated<Result>(_ body: () throws -> Result) throws(AmalgamError) -> Result {
    do { return try body() } catch { throw AmalgamError(error) }
}

extension AmalgamError {
    /// An error of the targets below, in this library's words.
    init(_ error: any Error) {
        switch error {
        case let error as AmalgamError: self = error
        case let error as FileError: self = Self.of(error)
        case let error as BundleError: self = Self.of(error)
        case let error as AdapterError: self = Self.of(error)
        case let error as TrainingError: self = Self.of(error)
        case let error as TaskError: self = Self.of(error)
        case let error as ModelError: self = Self.of(error)
        case let error as TextError: self = Self.of(error)
        case let error as CorporaError: self = Self.of(error)
        case let error as CompositionExpression.Fault:
            self = .composition(at: "column \(error.column)", found: error.found, expected: error.expected)
        case let error as BlockFault:
            self = Self.make(
                .composition, "\(error.field): found \(error.found), expected \(error.expected)", field: error.field,
                found: error.found, expected: error.expected)
        case NumericsError.blas(let message): self = Self.make(.unavailable, message)
        case NumericsError.products(let found, let expected):
            self = Self.make(
                .option, "\(error)", field: "AMALGAM_PRODUCTS", found: found,
                expected: expected.joined(separator: " or "))
        case let error as CocoaError:
            self = Self.make(
                .unreadableFile, error.localizedDescription, path: error.userInfo[NSFilePathErrorKey] as? String)
        default: self = Self.make(.invalidContent, "\(error)")
        }
        if !(error is AmalgamError) { exitCode = Self.exitCode(of: error) }
    }

    /// An error with its texts in the library's words.
    /// - Parameter path: of a file; a bundle's or task's name is none.
    static func make(
        _ kind: Kind, _ description: String, path: String? = nil, line: Int? = nil, field: String? = nil,
        found: String? = nil, expected: String? = nil, fix: String? = nil
    ) -> AmalgamError {
        var error = AmalgamError(
            kind, LibraryWords.of(description), file: path.flatMap(url), line: line,
            field: field.map(LibraryWords.option), found: found, expected: expected.map(LibraryWords.of),
            fix: fix.map(LibraryWords.of))
        error.commandLineText = description
        return error
    }

    /// A mistake in a composition.
    /// - Parameters:
    ///   - place: in its expression
    ///   - inCommand: what a command expects there, if it names its own options
    static func composition(
        at place: String, found: String, expected: String, inCommand: String? = nil
    ) -> AmalgamError {
        var error = make(
            .composition, "the composition, \(place): found \(found), expected \(expected)", field: place, found: found,
            expected: expected)
        error.commandLineText = "--compose, \(place): found \(found), expected \(inCommand ?? expected)"
        return error
    }

    /// A path as messages show it: below the working folder it is relative, and of an array's element it names the place.
    private static func url(_ path: String) -> URL? {
        let path = path.replacing(/\[\d+\]$/, with: "")
        guard path.hasPrefix("/") || path.contains(".") || FileManager.default.fileExists(atPath: path) else {
            return nil
        }
        return URL(fileURLWithPath: path)
    }

    /// The last clause of a message, which says what to do.
    private static func lastClause(_ error: some CustomStringConvertible) -> String? {
        let parts = error.description.components(separatedBy: "; ")
        return parts.count > 1 ? parts.last : nil
    }

    static func of(_ error: FileError) -> AmalgamError {
        let text = error.description
        func make(
            _ kind: Kind, _ file: String? = nil, field: String? = nil, found: String? = nil, expected: String? = nil,
            fix: String? = nil
        ) -> AmalgamError {
            Self.make(kind, text, path: file, field: field, found: found, expected: expected, fix: fix)
        }
        switch error {
        case .system(let file, _, let code):
            return make(
                code == ENOENT || code == ENOTDIR ? .missingFile : .unreadableFile, file,
                found: FileError.text(errno: code), fix: lastClause(error))
        case .unwritable(let file, _, let code):
            return make(.unwritableFile, file, found: FileError.text(errno: code), fix: lastClause(error))
        case .locked(let file, let holder): return make(.busy, file, found: holder, fix: lastClause(error))
        case .notAFile(let file, let found):
            return make(.unreadableFile, file, found: found, expected: "a regular file", fix: lastClause(error))
        case .notAFolder(let file):
            return make(.unwritableFile, file, found: "a file", expected: "a folder", fix: lastClause(error))
        case .malformed(let file, let field, let found, let expected, let fix):
            return make(.invalidContent, file, field: field, found: found, expected: expected, fix: fix)
        case .unsupported(let file, let field, let found, let expected, let fix):
            return make(.unsupported, file, field: field, found: found, expected: expected, fix: fix)
        case .tooLarge(let file, let field, let found, let limit):
            return make(
                .invalidContent, file, field: field, found: "\(found)", expected: "at most \(limit)",
                fix: lastClause(error))
        case .missing(let file, let name, let present):
            return make(
                .missingField, file, field: name, found: "missing",
                expected: "one of \(present.joined(separator: ", "))",
                fix: lastClause(error))
        case .changed(let file, let found, let expected):
            return make(.changedFile, file, found: found, expected: expected, fix: lastClause(error))
        case .notWritable(let field, let found, let expected):
            return make(.unsupported, field: field, found: found, expected: expected)
        case .library(let field, _, let detail): return make(.unavailable, field: field, found: detail)
        }
    }

    private static func of(_ error: BundleError) -> AmalgamError {
        switch error {
        case .content(let file, let field, let found, let expected, let fix):
            make(
                found == "missing" ? .missingField : .invalidContent, error.description, path: file, field: field,
                found: found, expected: expected, fix: fix)
        case .base(let file, let bundle, let model):
            make(
                .otherModel, error.description, path: file, found: model, expected: bundle,
                fix: "use the model that it was trained on")
        case .tokenizer(let file, let bundle, _, let found):
            make(
                .otherModel, error.description, path: file, field: "tokenizer", found: found, expected: bundle,
                fix: "use the model folder that it was trained with")
        case .head(let file, _, let fix): make(.head, error.description, path: file, fix: fix)
        case .members: make(.composition, error.description, fix: lastClause(error))
        case .merge(let file, let field, let found, let expected, let fix):
            make(
                file == nil ? .option : field.hasPrefix("base ") ? .otherModel : .composition, error.description,
                path: file, field: field, found: found, expected: expected, fix: fix)
        }
    }

    private static func of(_ error: AdapterError) -> AmalgamError {
        switch error {
        case .field(let source, let field, let found, let expected):
            make(.configuration, error.description, path: source, field: field, found: found, expected: expected)
        case .unknownField(let source, let field, let known):
            make(
                .configuration, error.description, path: source, field: field, found: "unknown field",
                expected: known.joined(separator: ", "))
        case .unknownConfiguration(let source, let name, let known):
            make(
                .configuration, error.description, path: source, field: "configuration", found: name,
                expected: known.joined(separator: ", "))
        case .unreadable(let source, let problem):
            make(.invalidContent, error.description, path: source, found: problem, expected: "a YAML map of fields")
        case .composition: make(.composition, error.description, fix: lastClause(error))
        case .merge: make(.unsupported, error.description, fix: lastClause(error))
        }
    }

    private static func of(_ error: TrainingError) -> AmalgamError {
        switch error {
        case .setting(let name, let found, let expected):
            make(.option, error.description, field: name, found: found, expected: expected)
        case .notFinite(let facts):
            make(
                .notFinite, error.description, path: facts.checkpoint,
                line: facts.parts.first { $0.place == .line }?.examples.first,
                found: facts.found, fix: facts.reason)
        case .stopped(_, _, let checkpoint): make(.checkpoint, error.description, path: checkpoint)
        case .done: make(.checkpoint, error.description)
        case .checkpoint(let file, let problem):
            make(.checkpoint, error.description, path: file, found: problem, fix: lastClause(error))
        case .memory(let needed, let limit, let smaller, _, _, _):
            make(
                .memory, error.description, field: "memoryLimit", found: "about \(needed) bytes",
                expected: "at most \(limit.bytes) bytes", fix: "use \(smaller)")
        case .noExamples(_, let split): make(.noExamples, error.description, field: split)
        case .mismatch: make(.invalidContent, error.description, fix: lastClause(error))
        }
    }
}
