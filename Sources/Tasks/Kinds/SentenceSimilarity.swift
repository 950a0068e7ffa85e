import Files

/// Two texts, and how similar they are. Rows are those of a regression on pairs; the texts are read by themselves.
package enum SentenceSimilarity: TaskKind {
    package static let name = "sentence-similarity"
    package static let head = "similarity"
    package static let inputs = Regression.inputs
    package static let targets = Regression.targets
    package static let metrics = [Spearman.name, Pearson.name, MeanSquaredError.name, MeanAbsoluteError.name]
    package static let baselines = Regression.baselines
    package static let minimumLabels = 0

    package static func labels(in row: FieldRow) throws(TaskError) -> [String] { [] }

    package static func example(
        from row: FieldRow, id: Int, labels: LabelIndex, needsTarget: Bool
    ) throws(TaskError) -> Example {
        for field in inputs { _ = try row.required(field) }
        let example = try Regression.example(from: row, id: id, labels: labels, needsTarget: needsTarget)
        guard let count = example.numbers?.values.count, count != 1 else { return example }
        throw row.wrongType("score", found: counted(count, "number"), expected: "one number")
    }
}
