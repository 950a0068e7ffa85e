import Reporting

extension Methods {
    /// The presets with their figures, as a report.
    public var report: Report { Report(MethodsReport(methods: self)) }
}

/// The table as a page.
private struct MethodsReport: PageReport {
    let methods: Methods

    private static let unmeasured = "not measured"

    func encode(to encoder: any Encoder) throws { try SettingValue.map(methods.values).encode(to: encoder) }

    func page() -> ReportPage {
        ReportPage(
            title: "Adapter methods",
            sections: [
                .init("What they cost and what they scored", [.table(table, caption: "")] + notes.map { .note($0) })
            ])
    }

    func text(on terminal: Terminal) -> String {
        table.text(.columns, on: terminal) + "\n" + notes.map { "\($0)\n" }.joined()
    }

    private var tasks: [String] { Set(methods.entries.flatMap(\.scores.keys)).sorted() }

    private var table: TextTable {
        var table = TextTable(
            [
                TextTable.Column("preset", shrinking: .shorten), .init("parameters", .trailing),
                .init("tokens/s", .trailing), .init("MB", .trailing), .init("bytes", .trailing),
                .init("mean", .trailing),
            ] + tasks.map { .init($0, .trailing) } + [.init("against \(Methods.references.joined(separator: ", "))")])
        func cell<Value>(_ value: Value?, _ words: (Value) -> String) -> TextTable.Cell {
            .init(value.map(words) ?? Self.unmeasured)
        }
        for entry in methods.entries {
            table.append(
                [
                    .init(entry.name), cell(entry.parameters) { Human.count($0) },
                    cell(entry.tokensPerSecond) { Human.count($0) },
                    cell(entry.megabytes) { Human.count($0.rounded()) },
                    cell(entry.bytes) { Human.bytes($0) }, cell(entry.meanScore) { Human.score($0) },
                ] + tasks.map { cell(entry.scores[$0]) { Human.score($0) } } + [.init(comparison(entry))])
        }
        return table
    }

    private func comparison(_ entry: Methods.Entry) -> String {
        if Methods.references.contains(entry.name) { return "reference" }
        let parts = Methods.references.compactMap { name in
            entry.differences[name].map {
                "\(points($0.mean)) [\(points($0.interval.low)), \(points($0.interval.high))]"
            }
        }
        guard !parts.isEmpty else { return Self.unmeasured }
        return (entry.isWorse == true ? "worse: " : "") + parts.joined(separator: ", ")
    }

    /// In points of a hundred.
    private func points(_ difference: Double) -> String {
        let tenths = Int((difference * 1000).rounded())
        return "\(tenths < 0 ? "−" : "+")\(abs(tenths) / 10).\(abs(tenths) % 10)"
    }

    private var notes: [String] {
        guard let model = methods.settings["model"]?.text else {
            return ["Nothing was measured for this version; Examples/methods/run measures all of it."]
        }
        var notes = [
            "Accuracy on test splits with \(model); differences of the mean in points, with 95 % intervals. 'worse': below both."
        ]
        if methods.entries.contains(where: { $0.tokensPerSecond == nil || $0.scores.isEmpty }) {
            notes.append("Examples/methods/run measures what is missing.")
        }
        if let machine = methods.settings["speed"]?["machine"]?.text { notes.append("Speed and memory: \(machine).") }
        return notes
    }
}
