/// Two texts, one label for the pair.
package enum TextPairClassification: TaskKind {
    package static let name = "text-pair-classification"
    package static let head = "classification"
    package static let inputs = ["text_a", "text_b"]
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
        let first = try row.text("text_a")
        let second = try row.text("text_b")
        var example = Example(id: id, text: first, pair: second, line: row.line)
        try TextClassification.setClass(of: &example, from: row, labels: labels, needsTarget: needsTarget)
        return example
    }
}
