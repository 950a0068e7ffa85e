import Foundation

extension ComparisonReport: PageReport {
    /// The report for a terminal: both score tables, the costs, the verdicts.
    ///
    /// Tasks stand down and arms across where there is room for it; otherwise the tables are turned.
    package func text(on terminal: Terminal) -> String {
        var text = filled(title, terminal, .strong)
        for sentence in summary { text += filled(sentence, terminal) }
        for score in shownScores {
            text += "\n" + terminal.styled(name(of: score), .strong) + "\n"
            text += pieces(matrix(score, .half), terminal).map { $0.text(on: terminal) }.joined(separator: "\n")
        }
        let words = legend(.half)
        if !words.isEmpty { text += "\n" + filled(words, terminal, .dim) }
        text += "\n" + terminal.styled("Costs", .strong) + "\n" + costs().text(on: terminal)
        if !verdicts.isEmpty { text += "\n" }
        for verdict in verdicts {
            let mark = verdict.kind.mark(unicode: terminal.unicode)
            let lines = DisplayWidth.wrapped(
                DisplayWidth.harmless(verdict.text), to: max(20, (terminal.width ?? 100) - 2))
            text += lines.enumerated().map { ($0 == 0 ? "\(mark) " : "  ") + $1 + "\n" }.joined()
        }
        return text
    }

    /// The report as a page, to which a caller may add sections.
    package func page() -> ReportPage {
        var sections = [ReportPage.Section.summary(verdicts: verdicts, facts: facts)].filter { !$0.blocks.isEmpty }
        let shared = arms.contains(where: \.isShared) ? " A diamond marks one model for all tasks." : ""
        sections.append(
            .init(
                "At a glance",
                [
                    .charts(tasks.map { .dots(plot(of: $0)) }),
                    .note(
                        "\(name(of: .own)) with 95 % intervals. The band is the interval of the best arm."
                            + "\(shared) An arrow marks a value too low to show. Each task has its own axis."),
                ]))
        sections.append(
            .init(
                "Scores",
                shownScores.map { .table(matrix($0, .ends), caption: "\(name(of: $0)) with 95 % interval") }
                    + [.note(legend(.ends))].filter { $0 != .note("") }))
        sections.append(
            .init(
                "Costs",
                [
                    .table(
                        costs(),
                        caption:
                            "Ranges run from the task with the least to the task with the most. Tokens/s: median over tasks. Cumulative: includes the training of the adapters that an arm builds on."
                    )
                ]))
        if !curves.isEmpty { sections.append(.init("Training", [.charts(curves.map { .lines($0) })])) }
        let perTask = tasks.map { task in
            ReportPage.Block.details(task.label, [.table(details(of: task), caption: task.note)])
        }
        sections.append(.init("Task by task", perTask))
        sections += ReportPage.Section.closing(settings: settings, provenance: provenance)
        return ReportPage(kicker: "Amalgam comparison", title: title, summary: summary, sections: sections)
    }

    /// The matrix as one table, or turned, or turned in several parts, whatever fits the width.
    private func pieces(_ matrix: TextTable, _ terminal: Terminal) -> [TextTable] {
        guard let width = terminal.width, matrix.bodyWidth() > width else { return [matrix] }
        let corner = TextTable.Column("arm", shrinking: .shorten)
        var parts: [TextTable] = []
        var part: [Int] = []
        func turned(_ rows: [Int]) -> TextTable {
            var some = TextTable(matrix.columns, rows: rows.map { matrix.rows[$0] })
            if let first = some.columns.indices.first { some.columns[first] = corner }
            return some.transposed()
        }
        for row in matrix.rows.indices {
            if !part.isEmpty, turned(part + [row]).bodyWidth() > width {
                parts.append(turned(part))
                part = []
            }
            part.append(row)
        }
        return parts + (part.isEmpty ? [] : [turned(part)])
    }

    private func filled(_ text: String, _ terminal: Terminal, _ emphasis: Emphasis = .plain) -> String {
        DisplayWidth.wrapped(DisplayWidth.harmless(text), to: max(20, terminal.width ?? 100))
            .map { terminal.styled($0, emphasis) + "\n" }.joined()
    }
}
