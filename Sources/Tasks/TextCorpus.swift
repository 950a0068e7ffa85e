import Files
import Foundation

/// Running text of a language, one text a line: what is trained on, and what is held out to score it.
package struct TextCorpus: Equatable, Sendable {
    /// As messages show it.
    package var source: String
    package var train: [String]
    package var heldOut: [String]

    package init(source: String, train: [String], heldOut: [String]) {
        self.source = source
        self.train = train
        self.heldOut = heldOut
    }

    /// One line of so many is held out where no file says which.
    private static let share: UInt64 = 20

    /// Reads a text file, UTF-8 and possibly compressed (.gz); empty lines are skipped.
    /// - Parameter heldOut: a file of text to score with; nil: a twentieth of the lines, chosen by what they say, so that
    ///   equal lines are on one side. What stands in it is not trained on.
    /// - Throws: `TaskError`
    package init(file: URL, heldOut: URL? = nil) throws(TaskError) {
        source = shownPath(file)
        let lines = try Self.lines(file)
        if let heldOut {
            self.heldOut = try Self.lines(heldOut)
            let apart = Set(self.heldOut)
            train = lines.filter { !apart.contains($0) }
        } else {
            train = lines.filter { Self.hash($0) % Self.share != 0 }
            self.heldOut = lines.filter { Self.hash($0) % Self.share == 0 }
        }
        guard !train.isEmpty, !self.heldOut.isEmpty else {
            throw .unreadable(
                file: source,
                reason:
                    "\(counted(lines.count, "line")) of text, too few to train on and to hold some out; add more, one text per line"
            )
        }
    }

    /// The lines that are not empty, without white space around them.
    package static func lines(_ url: URL) throws(TaskError) -> [String] {
        let bytes = try DataBytes(fileBytes(url), file: shownPath(url)).text
        var lines: [String] = []
        var number = 0
        for line in bytes.split(separator: TextBytes.lineEnd(bytes), omittingEmptySubsequences: false) {
            number += 1
            guard let text = TextBytes.string(line) else {
                throw .notUTF8(file: shownPath(url), line: number)
            }
            let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
            if !trimmed.isEmpty { lines.append(trimmed) }
        }
        return lines
    }

    /// FNV-1a.
    private static func hash(_ line: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in line.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash ^ (hash >> 32)
    }
}
