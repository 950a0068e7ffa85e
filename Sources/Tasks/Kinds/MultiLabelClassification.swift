/// A text or a pair of texts, and any number of labels: none, one or several.
///
/// `labels` is a list, which may be empty. In CSV and TSV it is a list in JSON, or labels between white space; an empty cell is
/// an empty list. A label that is named twice counts once.
package enum MultiLabelClassification: TaskKind {
    package static let name = "multi-label-classification"
    package static let head = "multi_label"
    package static let inputs = ["text"]
    package static let targets = ["labels"]
    package static let forms = [["text", "labels"], ["text_a", "text_b", "labels"]]
    package static let metrics = Metrics.multiLabel
    package static let baselines = Baselines(constant: FrequentLabelSet.self, classic: TFIDFLabels.self)
    package static let minimumLabels = 1

    package static func labels(in row: FieldRow) throws(TaskError) -> [String] {
        // Other separators than white space would become part of a label
        if case .string(let text)? = row.value("labels"), WordList.list(text) == nil,
            text.contains(where: { ",;|".contains($0) })
        {
            throw row.wrongType(
                "labels", found: "'\(shown(text))'",
                expected: "labels between white space, or a list in JSON, such as [\"a\", \"b\"]")
        }
        return try row.labels("labels")
    }

    package static func example(
        from row: FieldRow, id: Int, labels: LabelIndex, needsTarget: Bool
    ) throws(TaskError) -> Example {
        let isPair = row.value("text") == nil && row.value("text_a") != nil
        let text = try row.text(isPair ? "text_a" : "text")
        var set = LabelSet(labels: nil)
        if needsTarget || row.value("labels") != nil {
            var known = Set<Int>()
            for name in try Self.labels(in: row) {
                if let label = try labels.find(name, in: row) {
                    known.insert(label)
                } else if !set.unknown.contains(labels.name(of: name)) {
                    set.unknown.append(labels.name(of: name))
                }
            }
            set.labels = known.sorted()
        }
        return Example(
            id: id, text: text, pair: isPair ? try row.text("text_b") : nil, unknownLabel: set.unknown.first,
            line: row.line, payload: set)
    }
}

/// The labels of an example of a multi-label task.
package struct LabelSet: ExamplePayload, Equatable {
    /// Indices into the task's labels, ascending; nil if the row says nothing of labels.
    package var labels: [Int]?
    /// The row's labels that the task does not know, in the order of the data.
    package var unknown: [String]

    package init(labels: [Int]?, unknown: [String] = []) {
        self.labels = labels
        self.unknown = unknown
    }

    package var isScored: Bool { labels != nil }
    package func mapTexts(_ change: (String) -> String) -> (any ExamplePayload)? { self }

    /// Whether a prediction can be right in part; an empty set is an answer.
    package var hasKnownAnswer: Bool { labels.map { !$0.isEmpty || unknown.isEmpty } ?? false }

    package var canonicalBytes: [UInt8] {
        var bytes: [UInt8] = []
        CanonicalData.append(labels?.count ?? -1, to: &bytes)
        for label in labels ?? [] { CanonicalData.append(label, to: &bytes) }
        for name in unknown { CanonicalData.append(name, to: &bytes) }
        return bytes
    }
}

extension Example {
    /// The labels of an example of a multi-label task.
    package var labelSet: LabelSet? { payload as? LabelSet }
}
