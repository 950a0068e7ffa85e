/// Something that a user should know, and that stops nothing.
///
/// This library prints nothing: warnings come with the values that they are about, and as events of a training.
public struct Warning: Sendable, Hashable, CustomStringConvertible {
    /// What a warning is about.
    public enum Kind: String, Sendable, CaseIterable {
        /// Rows of a task: skipped ones, unknown labels, doubtful encodings.
        case data
        /// A bundle's base model could not be verified, or another one was accepted.
        case base
        /// A bundle is used on another language adapter than in its training, or without one.
        case language
        /// A head is used for another task than it was trained for.
        case head
        /// A composition has the same adapter more than once, or lacks a language adapter.
        case composition
        /// A setting of a training has no effect.
        case training
        /// Something that an imported or exported folder does not say or cannot hold.
        case exchange
        /// A part of the model's folder that is not computed on purpose.
        case model
    }

    /// What it is about.
    public var kind: Kind
    /// One line for people.
    public var text: String
    /// The same line with options as the flags of the command `amalgam`.
    package var commandLineText: String

    /// Creates a warning.
    /// - Parameters:
    ///   - kind: What it is about.
    ///   - text: One line for people.
    public init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
        commandLineText = text
    }

    /// The text.
    public var description: String { text }
}

extension Warning {
    /// A line of the targets below, in this library's words.
    static func of(_ kind: Kind, _ text: String) -> Warning {
        var warning = Warning(kind, LibraryWords.of(text))
        warning.commandLineText = text
        return warning
    }
}
