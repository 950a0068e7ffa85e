extension EvaluationReport: PageReport {
    private var title: String { "\(task), \(split)" }

    /// The report for a terminal: classes and confusions in full if there are few, else the worst.
    package func text(on terminal: Terminal) -> String {
        let line = scores.filter(\.isHeadline).map { score in
            "\(score.name.metricWords) \(score.text)" + (score.ends.isEmpty ? "" : " \(score.ends)")
        }.joined(separator: ", ")
        var text = filled("\(task) \(split): \(line) on \(Human.count(examples, "text"))", terminal)
        for remark in remarks { text += filled(remark.text, terminal) }
        let most = 12
        if !classes.isEmpty { text += "\n" + classTable(most: most).text(on: terminal) }
        if classes.count > most {
            text += filled("The \(most) of \(classes.count) \(classNoun(2)) with the lowest F1.", terminal, .dim)
        }
        if let table = matrix?.table(), isWhole, classes.count <= most, table.bodyWidth() <= terminal.width ?? 120 {
            text += "\n" + table.text(on: terminal)
        } else if !confusions.isEmpty {
            text += "\n" + confusionTable(most: 10).text(on: terminal)
        }
        if !robustness.isEmpty { text += "\n" + robustnessTable.text(on: terminal) }
        if classes.isEmpty, !mistakes.isEmpty { text += "\n" + mistakeTable(most: 5).text(on: terminal) }
        return text
    }

    /// The report as a page.
    package func page() -> ReportPage {
        var first: [ReportPage.Block] = remarks.isEmpty ? [] : [.verdicts(remarks)]
        first.append(.facts(scores.map { Setting($0.name.metricWords, $0.text) }))
        var table = TextTable([.init("metric"), .init("value", .trailing), .init("95 % interval", .trailing)])
        for score in scores { table.append([.init(score.name.metricWords), .init(score.text), .init(score.ends)]) }
        first.append(.table(table, caption: "Percentile bootstrap, 1,000 resamples of the examples"))
        var sections = [ReportPage.Section("Scores", first)]
        if let matrix { sections.append(confusionSection(matrix)) }
        if let attention {
            sections.append(
                .init(
                    "Attention to adapters",
                    [
                        .charts([.shares(attention)]),
                        .note(
                            "The mean share of each adapter in a fusion's attention, over all tokens of the split; for blocks "
                                + "that scale their adapters, the mean absolute scale. Each row sums to 1."),
                    ]))
        }
        if !robustness.isEmpty {
            sections.append(
                .init(
                    "Changed texts",
                    [
                        .table(
                            robustnessTable,
                            caption: "How much worse the metric is, with 95 % intervals paired over the same examples"),
                        .note("Each change leaves the answers right. Examples that it does not change count too."),
                    ]))
        }
        if !classes.isEmpty { sections.append(classSection) }
        if !mistakes.isEmpty {
            sections.append(
                .init("Largest errors", [.table(mistakeTable(most: .max), caption: mistakeOrder)]))
        }
        sections += ReportPage.Section.closing(settings: settings)
        let counts =
            classes.isEmpty
            ? "\(Human.count(examples, "example"))."
            : "\(Human.count(examples, "example")), \(classes.count) \(classNoun(classes.count))."
        return ReportPage(kicker: "Amalgam evaluation", title: title, summary: [counts], sections: sections)
    }

    private var robustnessTable: TextTable {
        let metric = robustness.lazy.compactMap(\.drop?.name).first ?? ""
        var table = TextTable([
            .init("changed texts"), .init("drop of \(metric.metricWords)", .trailing),
            .init("95 % interval", .trailing),
            .init("unchanged", .trailing), .init(""),
        ])
        for row in robustness {
            let numbers = row.drop.map { [$0.text, $0.ends, Human.count(row.unchanged)] } ?? ["", "", ""]
            table.append(([row.name] + numbers + [row.reason]).map { TextTable.Cell($0) })
        }
        return table
    }

    private func confusionSection(_ matrix: HeatMap) -> ReportPage.Section {
        .init(
            "Confusions",
            [
                .charts([.heat(matrix)]),
                .note(
                    "Rows are true classes, columns are predicted classes. The color shows the share of the row: blue "
                        + "for correct predictions, orange for errors."
                        + (isWhole
                            ? ""
                            : " The map shows the \(matrix.labels.count) of \(classes.count) classes with the most errors.")
                ),
            ]
                + (confusions.isEmpty
                    ? [] : [.table(confusionTable(most: 20), caption: "The most frequent confusions")]))
    }

    private var classSection: ReportPage.Section {
        let worst = classTable(most: Self.mostClasses)
        let nouns = classNoun(2)
        return .init(
            nouns.prefix(1).uppercased() + nouns.dropFirst(),
            classes.count <= Self.mostClasses
                ? [.table(worst, caption: "From the lowest F1 to the highest")]
                : [
                    .table(worst, caption: "The \(Self.mostClasses) \(nouns) with the lowest F1"),
                    .details("All \(classes.count) \(nouns)", [.table(classTable(most: .max), caption: "")]),
                ])
    }

    /// The worst classes first; those that never occur last.
    private func classTable(most: Int) -> TextTable {
        var table = TextTable([
            .init(classNoun, shrinking: .shorten), .init("precision", .trailing), .init("recall", .trailing),
            .init("F1", .trailing), .init("support", .trailing), .init("predicted", .trailing),
        ])
        let sorted = classes.enumerated().sorted { a, b in
            func key(_ c: (offset: Int, element: ClassRow)) -> (Int, Double, Int) {
                (c.element.support + c.element.predicted == 0 ? 1 : 0, c.element.f1, c.offset)
            }
            return key(a) < key(b)
        }
        for (_, row) in sorted.prefix(most) {
            table.append([
                .init(row.label, detail: row.isKnown ? "" : "(unknown)"), .init(Human.score(row.precision)),
                .init(Human.score(row.recall)), .init(Human.score(row.f1)), .init(Human.count(row.support)),
                .init(Human.count(row.predicted)),
            ])
        }
        return table
    }

    private func confusionTable(most: Int) -> TextTable {
        var table = TextTable([
            .init("true class", shrinking: .shorten), .init("predicted as", shrinking: .shorten),
            .init("texts", .trailing),
        ])
        for pair in confusions.prefix(most) {
            table.append([.init(pair.gold), .init(pair.predicted), .init(Human.count(pair.count))])
        }
        return table
    }

    private func mistakeTable(most: Int) -> TextTable {
        let isProbability = mistakeMeasure == "probability"
        let isNumber = mistakes.allSatisfy { Double($0.predicted.replacing("−", with: "-")) != nil }
        var table = TextTable([
            .init("line", .trailing),
            .init(isProbability ? "true class" : "true", isNumber ? .trailing : .leading),
            .init("predicted", isNumber ? .trailing : .leading),
            .init(mistakeMeasure, .trailing), .init("text", shrinking: .shorten),
        ])
        for mistake in mistakes.prefix(most) {
            let measure =
                mistake.measure == mistake.measure.rounded() && !isProbability && mistake.measure.magnitude < 1e15
                ? Human.count(mistake.measure) : Human.score(mistake.measure)
            table.append([
                .init("\(mistake.line)"), .init(DisplayWidth.shortened(mistake.gold, to: 300)),
                .init(DisplayWidth.shortened(mistake.predicted, to: 300)), .init(measure),
                .init(DisplayWidth.shortened(mistake.text, to: 300)),
            ])
        }
        return table
    }

    private func filled(_ text: String, _ terminal: Terminal, _ emphasis: Emphasis = .plain) -> String {
        DisplayWidth.wrapped(DisplayWidth.harmless(text), to: max(20, terminal.width ?? .max))
            .map { terminal.styled($0, emphasis) + "\n" }.joined()
    }
}
