import Foundation

/// What went wrong, with the facts that a program can act on.
///
/// Every function of this library throws this type, or `CancellationError` where its task was cancelled. `description` is
/// one line for people: the file, the field, what was found, what was expected, and a fix.
///
/// ```swift
/// do {
///     let bundle = try AdapterBundle(contentsOf: url)
/// } catch let error as AmalgamError where error.kind == .changedFile {
///     // somebody has edited the file
/// }
/// ```
public struct AmalgamError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What kind of mistake it is.
    public enum Kind: String, Sendable, CaseIterable {
        /// A file or folder does not exist.
        case missingFile
        /// A file exists and cannot be read, or is something else than a file.
        case unreadableFile
        /// A file or folder cannot be written. What stood there before is as it was.
        case unwritableFile
        /// Another job or process is writing the same file.
        case busy
        /// A file's content breaks its format, or a value in it is not allowed.
        case invalidContent
        /// A row or file lacks a field that it must have.
        case missingField
        /// A row has a label that the task or the head does not know.
        case unknownLabel
        /// A bundle was changed by another program after it was written.
        case changedFile
        /// Valid, but this version cannot do it.
        case unsupported
        /// An option's value is out of its range; `field` is the option's name in Swift.
        case option
        /// Neither a model's folder nor the name of a known model.
        case unknownModel
        /// A known model that has not been fetched: call ``Model/fetch(_:progress:)``.
        case modelNotFetched
        /// A bundle was trained on another model or tokenizer.
        case otherModel
        /// A bundle has no head for what is asked, or one for another kind of task.
        case head
        /// Adapters or blocks do not go together.
        case composition
        /// An adapter's configuration has a field or value that its method does not have.
        case configuration
        /// A task lacks the split or the examples that are needed.
        case noExamples
        /// The loss or a weight became NaN or infinite in a training.
        case notFinite
        /// A checkpoint is damaged, or belongs to another run.
        case checkpoint
        /// A training would need more memory than it may take.
        case memory
        /// A program or system library is missing or failed.
        case unavailable
    }

    /// What kind of mistake it is.
    public var kind: Kind
    /// The file or folder; nil where no file is to blame.
    public var file: URL?
    /// The line of the file, or the place of an example in memory, both from 1.
    public var line: Int?
    /// The field of a file, the column of a row, the option, or the tensor.
    public var field: String?
    /// What was found there.
    public var found: String?
    /// What was expected there.
    public var expected: String?
    /// What to do about it.
    public var fix: String?
    /// All of it in one line.
    public var description: String
    /// The same line with options as the flags of the command `amalgam`.
    package var commandLineText: String
    /// The command's exit code where it does not follow from the kind.
    package var exitCode: Int32?

    /// Creates an error.
    /// - Parameters:
    ///   - kind: What kind of mistake it is.
    ///   - description: One line for people.
    ///   - file: The file or folder to blame.
    ///   - line: The line of the file, from 1.
    ///   - field: The field, column, option or tensor.
    ///   - found: What was found there.
    ///   - expected: What was expected there.
    ///   - fix: What to do about it.
    public init(
        _ kind: Kind, _ description: String, file: URL? = nil, line: Int? = nil, field: String? = nil,
        found: String? = nil, expected: String? = nil, fix: String? = nil
    ) {
        self.kind = kind
        self.file = file
        self.line = line
        self.field = field
        self.found = found
        self.expected = expected
        self.fix = fix
        self.description = description
        commandLineText = description
    }
}

extension AmalgamError: LocalizedError {
    /// The same as `description`.
    public var errorDescription: String? { description }
}
