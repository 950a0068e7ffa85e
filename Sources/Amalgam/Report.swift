import Files
import Foundation
import Reporting

/// A report for people: an HTML page, Markdown, and text for a terminal.
public struct Report: Sendable {
    private let stored: any PageReport & Sendable

    init(_ stored: some PageReport & Sendable) { self.stored = stored }

    /// One HTML page with its pictures; it needs no other file.
    public var html: String { stored.html() }

    /// The report as Markdown.
    public var markdown: String { stored.markdown() }

    /// The report's numbers.
    public var values: SettingValue { (try? stored.json()).flatMap { SettingValue(json: $0) } ?? .null }

    /// The report as plain text.
    /// - Parameter width: Columns; nil for no limit.
    public func text(width: Int? = nil) -> String { stored.text(on: Terminal(width: width)) }

    /// The report as text for this process's standard output: as wide as the terminal, with bold and dim where it shows them
    /// (`NO_COLOR` turns them off); without a limit where standard output is a file or a pipe.
    public var terminalText: String { stored.text(on: .of(.output)) }

    /// Writes the HTML page.
    /// - Parameter file: Replaced whole or not at all.
    /// - Throws: ``AmalgamError/Kind/unwritableFile``.
    public func write(to file: URL) throws(AmalgamError) {
        try translated { try AtomicFile.replace(file, with: Data(html.utf8)) }
    }
}
