import Files

/// A query and the documents that answer it, among those of a collection.
///
/// The documents that fit are texts in the row (`document`, one or a list), with others that do not (`negatives`, or `negative`);
/// then all texts of a split are its collection. Or they are names of documents (`relevant`: a name, a list of names, or an
/// object of grades), which the task's file of documents has. `question` and `anchor` stand for `query`, and `positive` for
/// `document`.
package enum Retrieval: TaskKind {
    package static let name = "retrieval"
    package static let head = "ranking"
    package static let inputs = ["query"]
    package static let targets = ["document", "relevant", "positive", "negatives", "negative"]
    package static let forms = [
        ["query", "document"], ["query", "relevant"], ["question", "relevant"], ["question", "document"],
        ["anchor", "positive"],
    ]
    package static let optionalFields = ["negatives", "negative", TaskDefinition.weightField]
    package static let metrics = [NDCGAt10.name, RecallAt10.name, MeanReciprocalRank.name, AccuracyAt1.name]
    package static let baselines = Baselines(constant: FirstDocuments.self, classic: BM25.self)
    package static let usesDocuments = true
    package static let minimumLabels = 0
    package static let maxLength = 256

    package static func labels(in row: FieldRow) throws(TaskError) -> [String] { [] }

    package static func example(
        from row: FieldRow, id: Int, labels: LabelIndex, needsTarget: Bool
    ) throws(TaskError) -> Example {
        let query = try row.text(["query", "question", "anchor"].first { row.value($0) != nil } ?? "query")
        var payload = RetrievalQuery(query: query)
        let document = ["document", "positive"].first { row.value($0) != nil }
        if let document {
            payload.relevant = try row.oneOrMoreTexts(document)
        } else if row.value("relevant") != nil {
            payload.grades = try grades(in: row)
        } else if needsTarget {
            _ = try row.required(row.row.values[row.column("relevant")] == nil ? "document" : "relevant")
        }
        if let field = ["negatives", "negative"].first(where: { row.value($0) != nil }) {
            payload.irrelevant = try row.oneOrMoreTexts(field).filter { !payload.relevant.contains($0) }
        }
        return Example(id: id, text: query, line: row.line, payload: payload)
    }

    package static func gathered(
        _ examples: [Example], documents: DocumentCollection?, file: String, columns: [String: String]
    ) throws(TaskError) -> [Example] {
        try examples.gathered(
            documents, file: file, field: "relevant", columns: columns, lacking: "but the task has no documents",
            expected: "a file corpus.jsonl beside the splits, or documents: FILE in the task's YAML")
    }

    /// A name, a list of names, or an object of names with their grades; those with the grade 0 do not count.
    private static func grades(in row: FieldRow) throws(TaskError) -> [String: Double] {
        let expected = "names of documents: one, a list, or an object of grades"
        func name(_ value: FieldValue) throws(TaskError) -> String {
            switch value {
            case .string(""): throw row.wrongType("relevant", found: "an empty name", expected: expected)
            case .string(let text): return text
            case .integer(let number): return "\(number)"
            default: throw row.wrongType("relevant", value, expected: expected)
            }
        }
        var grades: [String: Double] = [:]
        switch try row.required("relevant") {
        case .list(let items): for item in items { grades[try name(item)] = 1 }
        case .object(let members):
            for (id, value) in members {
                let grade: Double
                switch value {
                case .integer(let number): grade = Double(number)
                case .number(let number): grade = number
                default: throw row.wrongType("relevant", value, expected: expected)
                }
                if grade > 0, grade.isFinite { grades[id] = grade }
            }
        case .string(let text):
            guard let list = WordList.list(text) else { return [try name(.string(text)): 1] }
            for item in list { grades[try name(item)] = 1 }
        case let other: grades[try name(other)] = 1
        }
        guard !grades.isEmpty else {
            throw row.wrongType("relevant", found: "without any document", expected: expected)
        }
        return grades
    }
}

extension FieldRow {
    /// A text, or a list of one or more; none empty.
    func oneOrMoreTexts(_ field: String) throws(TaskError) -> [String] {
        var texts: [String]
        switch try required(field) {
        case .string(let text): texts = [text]
        case .list: texts = try self.texts(field)
        case let other: throw wrongType(field, other, expected: "a string, or a list of strings")
        }
        if texts.isEmpty || texts.contains("") {
            throw wrongType(
                field, found: texts.isEmpty ? "an empty list" : "an empty text",
                expected: "a text, or a list of one or more")
        }
        return texts
    }
}
