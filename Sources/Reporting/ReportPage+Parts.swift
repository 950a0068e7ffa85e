import Foundation

/// Parts that reports of different kinds share.
extension ReportPage.Section {
    /// What a reader sees first. Without anything to say it has no blocks.
    /// - Parameter warnings: what a reader must know before the numbers are believed
    package static func summary(
        warnings: [String] = [], verdicts: [Verdict] = [], facts: [Setting] = []
    ) -> ReportPage.Section {
        var blocks: [ReportPage.Block] = []
        if !warnings.isEmpty { blocks.append(.verdicts(warnings.map { Verdict(.worse, $0) })) }
        if !verdicts.isEmpty { blocks.append(.verdicts(verdicts)) }
        if !facts.isEmpty { blocks.append(.facts(facts)) }
        return .init("Summary", blocks)
    }

    /// How it was done, at the end of the page: the sections that have something to say.
    package static func closing(settings: [Setting], provenance: [Setting] = []) -> [ReportPage.Section] {
        [("Settings", settings), ("Provenance", provenance)].compactMap { title, list in
            list.isEmpty ? nil : .init(title, [.settings(list)])
        }
    }
}

/// A report that is written as a page and as values.
package protocol PageReport: Encodable {
    func page() -> ReportPage
    /// What a terminal shows.
    func text(on terminal: Terminal) -> String
}

extension PageReport {
    /// The report as one HTML file.
    package func html() -> String { page().html() }

    /// The report as Markdown.
    package func markdown() -> String { page().markdown() }

    /// The report for a terminal without colors.
    package func text() -> String { text(on: .plain) }

    /// All values as JSON with sorted keys; with the same values the same bytes.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}
