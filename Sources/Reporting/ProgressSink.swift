import Foundation

/// Where progress text goes; tests collect it.
package protocol ProgressSink: Sendable {
    /// Writes text as it stands, at once.
    func write(_ text: String)
}

/// This process's standard error; standard output stays free for results.
package struct StandardErrorSink: ProgressSink {
    package init() {}

    package func write(_ text: String) {
        // A closed or full stderr must not end a long training: the outcome is not looked at.
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}

/// Keeps what was written.
package final class CollectingSink: ProgressSink, @unchecked Sendable {
    // @unchecked: `collected` is only touched under `lock` (Mutex needs macOS 15).
    private let lock = NSLock()
    private var collected = ""

    package init() {}

    package func write(_ text: String) { lock.withLock { collected += text } }

    /// All text so far.
    package var text: String { lock.withLock { collected } }

    /// The text so far in lines, as they were written.
    package var lines: [String] { text.split(separator: "\n").map(String.init) }
}
