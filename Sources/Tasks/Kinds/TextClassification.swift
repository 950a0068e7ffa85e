/// One text, one label.
package enum TextClassification: TaskKind {
    package static let name = "text-classification"
    package static let inputs = ["text"]
    package static let targets = ["label"]
    package static let metrics = [Accuracy.name, MacroF1.name, Matthews.name]
    package static let minimumLabels = 2

    package static func labels(in row: FieldRow) throws(TaskError) -> [String] { [try row.label("label")] }

    package static func example(
        from row: FieldRow, id: Int, labels: LabelIndex, needsTarget: Bool
    ) throws(TaskError) -> Example {
        let text = try row.text("text")
        let label = try classLabel(row, labels: labels, needsTarget: needsTarget)
        return Example(id: id, text: text, label: label, line: row.line)
    }

    /// The index of the row's `label`, nil if it has none and needs none.
    static func classLabel(_ row: FieldRow, labels: LabelIndex, needsTarget: Bool) throws(TaskError) -> Int? {
        guard needsTarget || row.value("label") != nil else { return nil }
        return try labels.index(of: try row.label("label"), in: row)
    }
}
