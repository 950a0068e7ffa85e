/// One text, one label.
package enum TextClassification: TaskKind {
    package static let name = "text-classification"
    package static let head = "classification"
    package static let inputs = ["text"]
    package static let targets = ["label"]
    package static let optionalFields = [LabelProbabilities.field, TaskDefinition.weightField]
    package static let metrics = Metrics.classification
    package static let baselines = Baselines.classification
    package static let minimumLabels = 2

    package static func labels(in row: FieldRow) throws(TaskError) -> [String] {
        try LabelProbabilities.names(in: row)
    }

    package static func example(
        from row: FieldRow, id: Int, labels: LabelIndex, needsTarget: Bool
    ) throws(TaskError) -> Example {
        let text = try row.text("text")
        var example = Example(id: id, text: text, line: row.line)
        try setClass(of: &example, from: row, labels: labels, needsTarget: needsTarget)
        return example
    }

    /// Sets the example's class to that of the row's `label`, or to the most probable of its `label_probabilities`; none if
    /// the row has none and needs none.
    static func setClass(
        of example: inout Example, from row: FieldRow, labels: LabelIndex, needsTarget: Bool
    ) throws(TaskError) {
        if try LabelProbabilities.set(of: &example, from: row, labels: labels) { return }
        guard needsTarget || row.value("label") != nil else { return }
        let label = try row.label("label")
        example.label = try labels.find(label, in: row)
        if example.label == nil { example.unknownLabel = labels.name(of: label) }
    }
}
