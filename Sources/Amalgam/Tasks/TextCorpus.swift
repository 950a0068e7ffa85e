import Foundation
import Tasks

/// Running text of a language: what a language adapter is trained on, and what is held out to score it.
public struct TextCorpus: Sendable, Equatable {
    let stored: Tasks.TextCorpus

    /// The corpus's name: of its file without the extension, or as it was given.
    public let name: String

    /// Reads a text file, UTF-8 and possibly compressed (.gz), one text per line; empty lines are skipped.
    /// - Parameters:
    ///   - file: The text to train on.
    ///   - heldOut: Text to score with, which is not trained on; nil for about 1 line in 20, chosen by a hash of the line.
    /// - Throws: ``AmalgamError``, naming the file and the line.
    public init(contentsOf file: URL, heldOut: URL? = nil) throws(AmalgamError) {
        stored = try translated { try Tasks.TextCorpus(file: file, heldOut: heldOut) }
        name = file.deletingPathExtension().lastPathComponent
    }

    /// Text in memory.
    /// - Parameters:
    ///   - name: Of the language; the bundle carries it.
    ///   - train: What to train on, one text each.
    ///   - heldOut: What to score with.
    public init(name: String, train: [String], heldOut: [String]) {
        stored = Tasks.TextCorpus(source: name, train: train, heldOut: heldOut)
        self.name = name
    }
}
