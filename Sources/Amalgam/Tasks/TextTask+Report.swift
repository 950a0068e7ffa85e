import Reporting

extension TextTask {
    /// What the task's data is, as a report: kind, metric, labels, and the rows of each split beside those that its definition
    /// expects.
    /// - Parameter summary: Of this task.
    public func report(_ summary: Summary) -> Report { Report(TaskReport(task: self, summary: summary)) }
}

/// A task's data as a page.
private struct TaskReport: PageReport {
    let task: TextTask
    let summary: TextTask.Summary

    func encode(to encoder: any Encoder) throws {
        let splits = task.splits.map { split in
            (
                split.rawValue,
                SettingValue.map([
                    "file": .string(file(split)), "examples": .init(summary.examples[split] ?? 0),
                    "skipped": .init(summary.skipped[split] ?? 0),
                    "expected": summary.expected[split].map { .init($0) } ?? .null,
                ])
            )
        }
        try SettingValue.map([
            "task": .string(task.name), "kind": .string(task.kind.rawValue), "metric": .string(summary.metric),
            "labels": .list(summary.labels.map { .string($0) }),
            "splits": .map(Dictionary(uniqueKeysWithValues: splits)),
            "warnings": .list(summary.warnings.map { .string($0.text) }),
        ]).encode(to: encoder)
    }

    func page() -> ReportPage {
        ReportPage(title: title, sections: [.init("Splits", [.table(table, caption: ""), .note(labels)])])
    }

    func text(on terminal: Terminal) -> String { "\(title)\n\n\(table.text(.columns, on: terminal))\n\(labels)\n" }

    private var title: String { "task \(task.name): \(task.kind.rawValue), metric \(summary.metric.metricWords)" }

    /// Labels that are listed at most.
    private static let most = 20

    private var labels: String {
        guard !summary.labels.isEmpty else { return "no labels" }
        let shown = summary.labels.prefix(Self.most).joined(separator: ", ")
        return "\(Human.count(summary.labels.count, "label")): \(shown)\(summary.labels.count > Self.most ? ", …" : "")"
    }

    private func file(_ split: Split) -> String { task.files[split]?.lastPathComponent ?? "in memory" }

    private var table: TextTable {
        var table = TextTable([
            .init("split"), .init("file"), .init("examples", .trailing), .init("skipped rows", .trailing),
            .init("expected rows", .trailing),
        ])
        for split in task.splits {
            table.append([
                .init(split.rawValue), .init(file(split)), .init(Human.count(summary.examples[split] ?? 0)),
                .init(Human.count(summary.skipped[split] ?? 0)),
                .init(summary.expected[split].map { Human.count($0) } ?? ""),
            ])
        }
        return table
    }
}
