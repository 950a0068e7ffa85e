import Reporting

extension TransferReport: PageReport {
    /// The whole report as a page.
    package func page() -> ReportPage {
        var sections = brief
        for task in tasks {
            let accuracy = ReportPage.Block.table(
                table(task, \.accuracy, { $0.accuracy }, \.accuracyGain), caption: "Accuracy, 95 % interval")
            let macroF1 = ReportPage.Block.table(
                table(task, \.macroF1, { $0.macroF1 }, \.macroF1Gain), caption: "Macro-F1, 95 % interval")
            // The task's own metric comes first
            let metric = scores.first { $0.task == task }?.metric ?? "accuracy"
            let tables: [ReportPage.Block]
            switch metric {
            case "accuracy": tables = [accuracy, macroF1]
            case "macro_f1": tables = [macroF1, accuracy]
            default:
                let own = ReportPage.Block.table(
                    table(task, \.score, { $0.score }, \.scoreGain),
                    caption: "\(metric.metricWords), the task's metric, 95 % interval")
                tables = [own, accuracy, macroF1]
            }
            sections.append(.init("Task \(task)", tables + [.note(examples(task))]))
        }
        if !adapters.isEmpty {
            sections.append(
                .init(
                    "Language adapters",
                    [
                        .verdicts(languageVerdicts), .table(adapterTable, caption: "Cost and benefit of each"),
                        .note(
                            "Perplexity is measured on masked tokens of held-out text, over the tokens that the corpora use, "
                                + "with the shared head, before (without the adapter) and after (with it). Gain is the mean "
                                + "difference in accuracy over the tasks, in points, with its 95 % interval; for the source "
                                + "language it is measured on that language's test texts."),
                    ]))
        }
        sections += ReportPage.Section.closing(settings: settings, provenance: provenance)
        return ReportPage(kicker: "Amalgam languages", title: title, summary: summary, sections: sections)
    }

    /// What a terminal shows: what it says and the table over all tasks.
    package func text(on terminal: Terminal) -> String {
        ReportPage(title: title, summary: summary, sections: brief).text(on: terminal)
    }

    private var brief: [ReportPage.Section] {
        [
            .summary(warnings: warnings, verdicts: verdicts, facts: facts),
            .init("All tasks", [.table(overview, caption: "Accuracy: means over tasks"), .note(Self.method)]),
        ]
    }

    static let method =
        "Intervals: 95 % percentile cluster bootstrap, 1,000 resamples of groups of rows (the task's group field, for "
        + "example the source package). A group that is tested in several languages or tasks is resampled together in all of "
        + "them. Differences are paired on the same resamples. The mean gives every target language the same weight and "
        + "excludes the source language. +: uses labels in the target language."

    private func name(_ method: Method) -> TextTable.Cell {
        .init(method.label, mark: method.usesTargetLabels ? "+" : "")
    }

    private static func cell(_ estimate: Estimate?) -> TextTable.Cell {
        guard let estimate else { return .init(Human.missing) }
        return .init(Human.score(estimate.value), detail: estimate.interval?.shortText ?? "")
    }

    /// Bold where it is not noise.
    private static func cell(_ gain: PointsDifference?) -> TextTable.Cell {
        guard let gain else { return .init(Human.missing) }
        return .init(gain.short, detail: gain.ends, gain.isAbove || gain.isBelow ? .strong : .plain)
    }

    /// Methods down, languages across.
    private func table(
        _ task: String, _ score: KeyPath<Score, Estimate>, _ mean: (Mean) -> Estimate?,
        _ gain: KeyPath<Mean, PointsDifference?>
    ) -> TextTable {
        var table = TextTable(
            [.init("method")] + languages.map { .init($0, .trailing) }
                + [.init("mean of the targets", .trailing), .init("against plain adapter, points", .trailing)])
        for method in methods {
            let cells = languages.map { Self.cell(self.score(task, $0, method.id)?[keyPath: score]) }
            let overall = self.mean(task, method.id)
            table.append(
                [name(method)] + cells
                    + [Self.cell(overall.flatMap(mean)), Self.cell(overall.flatMap { $0[keyPath: gain] })])
        }
        return table
    }

    private var overview: TextTable {
        var table = TextTable(
            [.init("method")] + languages.map { .init($0, .trailing) }
                + [
                    .init("mean of the targets", .trailing), .init("against plain adapter, points", .trailing),
                    .init("macro-F1", .trailing),
                ])
        for method in methods {
            let cells = languages.map { language -> TextTable.Cell in
                let mine = scores.filter { $0.language == language && $0.method == method.id }
                guard !mine.isEmpty else { return .init(Human.missing) }
                return .init(Human.score(mine.reduce(0) { $0 + $1.accuracy.value } / Double(mine.count)))
            }
            let overall = mean(nil, method.id)
            table.append(
                [name(method)] + cells
                    + [Self.cell(overall?.accuracy), Self.cell(overall?.accuracyGain), Self.cell(overall?.macroF1)])
        }
        return table
    }

    private func examples(_ task: String) -> String {
        let counts = languages.map { language in
            guard let score = scores.first(where: { $0.task == task && $0.language == language }) else {
                return "\(language) no task"
            }
            let skipped = score.skipped.values.reduce(0, +)
            return "\(language) \(Human.count(score.examples))"
                + (score.unknownLabels > 0
                    ? " (\(Human.count(score.unknownLabels)) with an unknown label, counted as wrong)" : "")
                + (skipped > 0 ? " (\(Human.count(skipped)) more rows skipped)" : "")
        }
        return "Test texts: \(counts.joined(separator: ", "))."
    }

    private var adapterTable: TextTable {
        var table = TextTable([
            .init("language"), .init("perplexity before", .trailing), .init("after", .trailing),
            .init("tokens scored", .trailing), .init("file", .trailing), .init("parameters", .trailing),
            .init("training tokens", .trailing), .init("time", .trailing), .init("gain", .trailing),
            .init("gain over keeping \(source)", .trailing),
        ])
        for language in adapters {
            let adapter = language.adapter
            table.append([
                .init(adapter.language), .init(adapter.before.map(Human.loss) ?? Human.missing),
                .init(adapter.after.map(Human.loss) ?? Human.missing), .init(Human.count(adapter.scored)),
                .init(Human.bytes(adapter.bytes)), .init(Human.compact(adapter.parameters)),
                .init(Human.compact(adapter.tokens)), .init(Human.duration(adapter.seconds)),
                Self.cell(language.gain), Self.cell(language.gainOverSource),
            ])
        }
        return table
    }
}
