import Reporting

extension DataOverlap {
    /// `exact`, `near` and `ngram13` (examples), `pairs`, `more_pairs`, `comparisons`, `threshold`, `task` and `warnings`.
    public var values: SettingValue {
        var fields: [String: SettingValue] = [
            "task": .string(task), "threshold": .number(threshold), "more_pairs": .init(morePairs),
            "pairs": .list(
                pairs.map {
                    [
                        "a": .string($0.a), "b": .string($0.b), "kind": .string($0.kind.rawValue),
                        "similarity": .number(Self.rounded($0.similarity)),
                    ]
                }),
            "comparisons": .list(
                comparisons.map { each in
                    var row: [String: SettingValue] = [
                        "a": .string(each.a), "b": .string(each.b), "a_examples": .init(each.aExamples),
                        "b_examples": .init(each.bExamples), "undecided": .init(each.undecided),
                    ]
                    for kind in Kind.allCases { row[kind.rawValue] = .init(each.counts[kind] ?? 0) }
                    return .map(row)
                }),
            "warnings": .list(warnings.map { .string($0.commandLineText) }),
        ]
        for kind in Kind.allCases { fields[kind.rawValue] = .init(count(kind)) }
        return .map(fields)
    }

    /// Similarities are kept in single precision; more digits would say nothing.
    private static func rounded(_ value: Double) -> Double { (value * 1e6).rounded() / 1e6 }

    /// The counts as a table, with the worst pairs.
    public var report: Report { Report(OverlapReport(overlap: self)) }
}

/// The overlaps as a page.
private struct OverlapReport: PageReport {
    let overlap: DataOverlap

    /// Pairs that a report shows.
    private static let shownPairs = 12

    func encode(to encoder: any Encoder) throws { try overlap.values.encode(to: encoder) }

    private var title: String { "Overlap of \(overlap.task)" }

    func page() -> ReportPage {
        var sections = [
            ReportPage.Section("Counts", [.table(table, caption: "")] + notes.map { .note($0) })
        ]
        if !overlap.pairs.isEmpty {
            sections.append(.init("Worst pairs", [.table(pairs, caption: "")]))
        }
        return ReportPage(title: title, sections: sections)
    }

    func text(on terminal: Terminal) -> String {
        var text = "\(title)\n\n" + table.text(.columns, on: terminal) + "\n"
        if !overlap.pairs.isEmpty {
            text +=
                "\nThe worst of \(Human.count(overlap.pairs.count + overlap.morePairs, "pair"))\n\n"
                + pairs.text(.columns, on: terminal) + "\n"
        }
        return text + notes.map { "\($0)\n" }.joined()
    }

    private var table: TextTable {
        var table = TextTable([
            .init("examples of"), .init("", .trailing), .init("in"), .init("", .trailing), .init("exact", .trailing),
            .init("near", .trailing), .init("13 words", .trailing),
        ])
        for each in overlap.comparisons {
            table.append(
                [
                    .init(each.a), .init(Human.count(each.aExamples)), .init(each.b),
                    .init(Human.count(each.bExamples)),
                ] + DataOverlap.Kind.allCases.map { .init(Human.count(each.counts[$0] ?? 0)) })
        }
        return table
    }

    private var pairs: TextTable {
        var table = TextTable([
            .init("example", shrinking: .shorten), .init("is like", shrinking: .shorten), .init("kind"),
            .init("similarity", .trailing),
        ])
        for pair in overlap.pairs.prefix(Self.shownPairs) {
            table.append([
                .init(pair.a), .init(pair.b), .init(pair.kind.rawValue), .init(Human.score(pair.similarity)),
            ])
        }
        return table
    }

    private var notes: [String] {
        var notes: [String] = []
        if overlap.count == 0 { notes.append("No example of one set was found in another.") }
        let undecided = overlap.comparisons.reduce(0) { $0 + $1.undecided }
        if undecided > 0 {
            notes.append(
                "\(Human.count(undecided, "example")) share their form with so many others that only the first ones were compared."
            )
        }
        notes.append(
            "exact: the same words; near: similarity \(Human.score(overlap.threshold)) or more; 13 words: a shared run of words. "
                + "Each example counts once.")
        return notes
    }
}
