import Reporting

extension Advice {
    /// `task`, `method`, `ranking` and `base` with all scores, `texts`, `seconds` and `summary`.
    public var values: SettingValue {
        func value(_ entry: Entry) -> SettingValue {
            var fields = entry.scores.mapValues { SettingValue.number($0) }
            fields["score"] = entry.score.map { .number($0) } ?? .null
            fields["seconds"] = .number((entry.seconds * 100).rounded() / 100)
            if !entry.bundle.isEmpty { fields["bundle"] = .string(entry.bundle) }
            return .map(fields)
        }
        return .map([
            "task": .string(task), "method": .string(method), "ranking": .list(ranking.map(value)), "base": value(base),
            "texts": .init(texts), "all_texts": .init(allTexts), "summary": .string(summary),
            "seconds": .number((seconds * 100).rounded() / 100),
            "warnings": .list(warnings.map { .string($0.commandLineText) }),
        ])
    }

    /// What the ranking means, in one sentence.
    public var summary: String {
        guard let first = ranking.first, let score = first.score, let reference = base.score else {
            return "\(method) is not defined for this task or these bundles; choose another score."
        }
        guard score > reference else {
            return
                "No bundle beats the bare model by \(method): expect little from these adapters, and train a new one from scratch."
        }
        let better = ranking.count { ($0.score ?? -.infinity) > reference }
        return
            "\(first.bundle) fits best: its features tell more about \(task) than those of the bare model"
            + (better == 1
                ? ", and no other bundle's do." : "; so do those of \(Human.count(better - 1, "other bundle")).")
    }

    /// The ranking as a table.
    public var report: Report { Report(AdviceReport(advice: self)) }
}

/// The ranking as a page.
private struct AdviceReport: PageReport {
    let advice: Advice

    func encode(to encoder: any Encoder) throws { try advice.values.encode(to: encoder) }

    private var title: String { "Bundles for \(advice.task), by \(advice.method)" }

    func page() -> ReportPage {
        ReportPage(
            title: title, sections: [.init("Ranking", [.table(table, caption: "")] + notes.map { .note($0) })])
    }

    func text(on terminal: Terminal) -> String {
        "\(title)\n\n" + table.text(.columns, on: terminal) + "\n" + notes.map { "\($0)\n" }.joined()
    }

    /// The score that ranks first, then the others that any row has.
    private var names: [String] {
        let known = Set((advice.ranking + [advice.base]).flatMap(\.scores.keys))
        return [advice.method] + AdviceOptions.methodNames.filter { $0 != advice.method && known.contains($0) }
    }

    private var table: TextTable {
        let scores = names.map { TextTable.Column($0, .trailing) }
        var table = TextTable(
            [TextTable.Column("", .trailing), .init("bundle", shrinking: .shorten)] + scores
                + [TextTable.Column("seconds", .trailing)])
        func cells(_ place: String, _ name: String, _ entry: Advice.Entry) -> [TextTable.Cell] {
            let values = names.map { TextTable.Cell(entry.scores[$0].map { Self.number($0) } ?? "–") }
            return [TextTable.Cell(place), TextTable.Cell(name)] + values
                + [TextTable.Cell(Self.number(entry.seconds, decimals: 1))]
        }
        for (i, entry) in advice.ranking.enumerated() { table.append(cells("\(i + 1)", entry.bundle, entry)) }
        table.rule()
        table.append(cells("", "the model alone", advice.base))
        return table
    }

    private static func number(_ value: Double, decimals: Int = 4) -> String {
        let scale = (0..<decimals).reduce(1.0) { scale, _ in scale * 10 }
        let all = Int((abs(value) * scale).rounded())
        let digits = String(all % Int(scale))
        return (value < 0 && all > 0 ? "−" : "") + "\(all / Int(scale))."
            + String(repeating: "0", count: decimals - digits.count) + digits
    }

    private var notes: [String] {
        let texts =
            advice.texts < advice.allTexts
            ? "\(Human.count(advice.texts)) of \(Human.count(advice.allTexts, "training text"))"
            : Human.count(advice.texts, "training text")
        return [
            advice.summary,
            "Larger is better, within a column. Scores of frozen features on \(texts), without training.",
        ]
    }
}
