import Reporting
import Tasks

extension DataDifficulty {
    /// `task`, `split`, `bundle`, `metric`, `examples`, `unlabeled`, `information` (bits) with its `interval`, `null` (whose
    /// labels give the shares: `train` or the split), `strata` (`by`, `low`, `high`, `examples`, `score`, `interval`),
    /// `label_errors` (null if there were too few examples to look for them) and `warnings`.
    public var values: SettingValue {
        func ends(_ interval: Interval?) -> SettingValue {
            interval.map { [.number($0.low), .number($0.high)] } ?? .null
        }
        return [
            "task": .string(task), "split": .string(split.rawValue), "bundle": .string(bundle),
            "metric": .string(metric), "examples": .init(rows.count), "unlabeled": .init(unlabeled),
            "information": .number(information.value), "interval": ends(information.interval),
            "null": .string(usesTrainingLabels ? "train" : split.rawValue),
            "strata": .list(
                strata.map { stratum in
                    [
                        "by": .string(stratum.by), "low": .number(stratum.low), "high": .number(stratum.high),
                        "examples": .init(stratum.examples), "score": .number(stratum.score),
                        "interval": ends(stratum.interval),
                    ]
                }),
            "label_errors": hasConfidences ? .init(labelErrors.count) : .null,
            "warnings": .list(warnings.map { .string($0.commandLineText) }),
        ]
    }

    /// The score by difficulty, the hardest examples and the likely label errors.
    public var report: Report { Report(DifficultyReport(difficulty: self)) }
}

private struct DifficultyReport: PageReport {
    let difficulty: DataDifficulty

    /// Examples that a list shows.
    private static let mostRows = 30
    /// The same on a terminal.
    private static let fewRows = 8

    func encode(to encoder: any Encoder) throws { try difficulty.values.encode(to: encoder) }

    private var title: String { "Difficulty of \(difficulty.task), \(difficulty.split.rawValue)" }

    func page() -> ReportPage {
        var sections = [
            ReportPage.Section("Scores by difficulty", [.table(strata, caption: "")] + notes.map { .note($0) }),
            ReportPage.Section(
                "Hardest examples", [.table(hardest(Self.mostRows), caption: "Least information first")]),
        ]
        if !difficulty.labelErrors.isEmpty {
            sections.append(
                .init("Likely label errors", [.table(errors(Self.mostRows), caption: "The surest first")]))
        }
        return ReportPage(title: title, summary: [summary], sections: sections)
    }

    func text(on terminal: Terminal) -> String {
        var text = "\(title)\n\(summary)\n\n" + strata.text(.columns, on: terminal)
        if !difficulty.labelErrors.isEmpty {
            text += "\nLikely label errors, the surest first\n\n" + errors(Self.fewRows).text(.columns, on: terminal)
        }
        return text + "\n" + notes.map { "\($0)\n" }.joined()
    }

    private var summary: String {
        let errors = difficulty.labelErrors.count
        return
            "\(Human.score(difficulty.information.value)) bits of usable information an example in the mean; "
            + (difficulty.hasConfidences
                ? "\(Human.count(errors, "label")) of \(Human.count(difficulty.rows.count)) \(errors == 1 ? "is" : "are") likely wrong."
                : "too few examples to look for label errors.")
    }

    private var strata: TextTable {
        let isShare = Metrics.standard[difficulty.metric]?.isShare ?? true
        func number(_ value: Double) -> String { isShare ? Human.metric(value) : Human.score(value) }
        var table = TextTable([
            .init("by"), .init("from", .trailing), .init("to", .trailing), .init("examples", .trailing),
            .init(difficulty.metric.metricWords, .trailing), .init("95 % interval", .trailing),
        ])
        for stratum in difficulty.strata {
            let isBits = stratum.by == "information"
            func end(_ value: Double) -> String {
                isBits ? Human.score(value) + " bits" : Human.count(Int(value), "word")
            }
            table.append([
                .init(stratum.by), .init(end(stratum.low)), .init(end(stratum.high)),
                .init(Human.count(stratum.examples)),
                .init(number(stratum.score)),
                .init(stratum.interval.map { "[\(number($0.low)), \(number($0.high))]" } ?? ""),
            ])
        }
        return table
    }

    private func hardest(_ most: Int) -> TextTable {
        var table = TextTable([
            .init("line", .trailing), .init("label"), .init("predicted"), .init("bits", .trailing),
            .init("text", shrinking: .shorten),
        ])
        let order = difficulty.rows.indices.sorted {
            (difficulty.rows[$0].information, $0) < (difficulty.rows[$1].information, $1)
        }
        for row in order.prefix(most).map({ difficulty.rows[$0] }) {
            table.append([
                .init("\(row.line)"), .init(row.label), .init(row.predicted), .init(Human.score(row.information)),
                .init(shown(row)),
            ])
        }
        return table
    }

    private func errors(_ most: Int) -> TextTable {
        var table = TextTable([
            .init("line", .trailing), .init("label"), .init("likely"), .init("probability of the label", .trailing),
            .init("text", shrinking: .shorten),
        ])
        for row in difficulty.labelErrors.prefix(most) {
            table.append([
                .init("\(row.line)"), .init(row.label), .init(row.suggested ?? ""),
                .init(row.confidence.map { Human.score($0) } ?? ""), .init(shown(row)),
            ])
        }
        return table
    }

    private func shown(_ row: DataDifficulty.Row) -> String {
        DisplayWidth.shortened(row.second.map { "\(row.text) | \($0)" } ?? row.text, to: 300)
    }

    private var notes: [String] {
        let source =
            difficulty.usesTrainingLabels
            ? "the training labels" : "the labels of this split, as there is no train split"
        var notes = [
            "Information: log2 of the label's probability, minus log2 of its share among \(source). Label errors: confident "
                + "learning with a cross-validated linear probe."
        ]
        if difficulty.unlabeled > 0 {
            notes.append("\(Human.count(difficulty.unlabeled, "example")) without a known label: not counted.")
        }
        return notes
    }
}
