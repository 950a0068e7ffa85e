import Foundation

extension ComparisonReport: PageReport {
    /// The report for a terminal: both score tables, the costs, the verdicts.
    ///
    /// Tasks stand down and arms across where there is room for it; otherwise the tables are turned.
    package func text(on terminal: Terminal) -> String {
        var text = filled(title, terminal, .strong)
        for sentence in summary { text += filled(sentence, terminal) }
        for size in sizes {
            for score in shownScores {
                let heading = [name(of: score), words(size: size)].filter { !$0.isEmpty }.joined(separator: ", ")
                text += "\n" + terminal.styled(heading, .strong) + "\n"
                text += pieces(matrix(score, .half, size: size), terminal).map { $0.text(on: terminal) }
                    .joined(separator: "\n")
            }
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
        let overview = means.isEmpty ? [] : sizes.map { ReportPage.Chart.dots(plot(ofMeansAt: $0)) }
        let single = tasks.map { ReportPage.Chart.dots(plot(of: $0)) }
        let isLong = single.count > 8 && !overview.isEmpty
        sections.append(
            .init(
                "At a glance",
                [
                    .charts(overview + (isLong ? [] : single)),
                    isLong ? .details("Task by task", [.charts(single)]) : nil,
                    .note(
                        "\(name(of: .own)) with 95 % intervals. The band is the interval of the best arm."
                            + "\(shared) An arrow marks a value too low to show. Each plot has its own axis."),
                ].compactMap { $0 }))
        if let calibration { sections.append(self.section(calibration)) }
        if !comparisons.isEmpty {
            sections.append(
                .init(
                    "Comparisons",
                    [
                        .table(comparisonTable(), caption: "Mean over the tasks. Bold: found after the correction"),
                        .note(
                            "p: two-sided. Holm's correction bounds the chance of even one false finding among all "
                                + "\(Human.count(comparisons.count, "comparison")) at 5 %."),
                    ]))
        }
        if !gains.isEmpty {
            sections.append(
                .init(
                    "Gains and losses from multi-task training",
                    [
                        .charts(gainPlots().map { .dots($0) }),
                        .note("Left of 0: negative transfer. Intervals: 95 %, not corrected for their number."),
                    ]))
        }
        if !attention.isEmpty {
            sections.append(
                .init(
                    "What fusion attends to",
                    [
                        .charts(
                            attention.map { one in
                                let title = [label(one.arm), words(size: one.size)].filter { !$0.isEmpty }
                                return .shares(
                                    ShareMap(
                                        title.joined(separator: ", "), rows: one.tasks, columns: one.adapters,
                                        shares: one.shares))
                            }),
                        .note(
                            "A task is a row, an adapter a column: the mean share of attention over layers and tokens of the "
                                + "first test texts, in the mean over seeds."),
                    ]))
        }
        if sizes.count > 1, !means.isEmpty {
            sections.append(.init("Learning curves", [.charts([.lines(learningCurve())])]))
        }
        sections.append(
            .init(
                "Scores",
                sizes.flatMap { size in
                    shownScores.map { score in
                        let words = ["\(name(of: score)) with 95 % interval", self.words(size: size)]
                        return .table(
                            matrix(score, .ends, size: size),
                            caption: words.filter { !$0.isEmpty }.joined(separator: ", "))
                    }
                } + [.note(legend(.ends))].filter { $0 != .note("") }))
        if means.contains(where: { $0.seconds != nil }) {
            sections.append(.init("Cost against accuracy", [.charts(sizes.map { .lines(costChart($0)) })]))
        }
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
