import Reporting

extension DebianTasks.Summary {
    /// The tasks of each language with their sizes, as a report.
    public var report: Report { Report(DebianReport(summary: self)) }
}

/// What was made, as a page.
private struct DebianReport: PageReport {
    let summary: DebianTasks.Summary

    func encode(to encoder: any Encoder) throws {
        try (SettingValue(json: summary.json) ?? .null).encode(to: encoder)
    }

    func page() -> ReportPage {
        ReportPage(
            title: "Tasks from Debian's package descriptions",
            sections: summary.languages.map { language in
                ReportPage.Section(
                    title(language),
                    [.table(table(language), caption: "")] + excluded(language).map { .note($0) })
            })
    }

    func text(on terminal: Terminal) -> String {
        summary.languages.map { language in
            "\n\(title(language))\n\(table(language).text(.columns, on: terminal))\n"
                + excluded(language).map { "\($0)\n" }.joined()
        }.joined()
    }

    private func title(_ language: DebianTasks.Summary.Language) -> String {
        "\(language.language): \(Human.count(language.texts, "description"))"
    }

    private func excluded(_ language: DebianTasks.Summary.Language) -> [String] {
        language.leftOut.isEmpty ? [] : ["excluded: \(language.leftOut.joined(separator: "; "))"]
    }

    private func table(_ language: DebianTasks.Summary.Language) -> TextTable {
        var table = TextTable([
            .init("task"), .init("labels", .trailing), .init("train", .trailing), .init("dev", .trailing),
            .init("test", .trailing), .init("dropped from test", .trailing),
        ])
        for task in language.tasks {
            table.append(
                [.init(task.name)]
                    + [task.labels, task.train, task.dev, task.test, task.testInTraining].map { .init(Human.count($0)) }
            )
        }
        return table
    }
}
