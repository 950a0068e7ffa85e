/// What a task asks of a model, as far as data is concerned. A kind is one file and one line in `TaskKinds.builtIn`.
package protocol TaskKind: Sendable {
    /// As in a task YAML's `kind`.
    static var name: String { get }
    /// The kind of head that predicts the answers, as in `/heads` of a bundle.
    static var head: String { get }
    /// Canonical fields that a row must have, in the order in which messages name them.
    static var inputs: [String] { get }
    /// Canonical fields of the answer; rows to predict may lack them.
    static var targets: [String] { get }
    /// The sets of fields that a row may have, where the kind has several forms of input; the first is `fields`.
    static var forms: [[String]] { get }
    /// Canonical fields that a row of any form may have besides.
    static var optionalFields: [String] { get }
    /// Names of the metrics that fit, the default first.
    static var metrics: [String] { get }
    /// The default metric of a task with these labels.
    static func defaultMetric(labels: [String]) -> String
    /// What a comparison measures trained models against.
    static var baselines: Baselines { get }
    /// Maximum length in tokens of a text in training, where the user gives none.
    static var maxLength: Int { get }
    /// Whether a task may have a collection of documents.
    static var usesDocuments: Bool { get }
    /// Whether a row is a document, in formats that have sentences and documents.
    static var rowsAreDocuments: Bool { get }
    /// Whether a file whose columns fit is taken for this kind where nobody says a kind.
    static var isInferred: Bool { get }
    /// How many labels there must be; 0 for kinds without labels.
    static var minimumLabels: Int { get }

    /// The labels in a row, in order, for the list that is made from the training split.
    static func labels(in row: FieldRow) throws(TaskError) -> [String]

    /// Makes a row's example.
    /// - Parameters:
    ///   - id: index in the split
    ///   - labels: the task's labels
    ///   - needsTarget: whether a row without an answer is an error
    static func example(
        from row: FieldRow, id: Int, labels: LabelIndex, needsTarget: Bool
    ) throws(TaskError) -> Example

    /// The examples of a split with what they share, such as the collection of their documents.
    /// - Parameters:
    ///   - documents: of the task; nil: it has none
    ///   - file, columns: for messages, as `FieldRow` has them
    static func gathered(
        _ examples: [Example], documents: DocumentCollection?, file: String, columns: [String: String]
    ) throws(TaskError) -> [Example]
}

extension TaskKind {
    package static var fields: [String] { inputs + targets }
    package static var forms: [[String]] { [fields] }
    package static var maxLength: Int { 128 }
    package static var usesDocuments: Bool { false }
    package static var isInferred: Bool { true }
    package static var rowsAreDocuments: Bool { false }
    package static var optionalFields: [String] { [TaskDefinition.weightField] }
    package static func defaultMetric(labels: [String]) -> String { metrics.first ?? Accuracy.name }

    package static func gathered(
        _ examples: [Example], documents: DocumentCollection?, file: String, columns: [String: String]
    ) throws(TaskError) -> [Example] { examples }

    /// The sets of fields that a row to predict may have.
    package static var inputForms: [[String]] { forms.map { $0.filter { !targets.contains($0) } } }

    /// Every field of any form, in order.
    static var allFields: [String] {
        var seen = Set<String>()
        return forms.joined().filter { seen.insert($0).inserted }
    }
}

/// The kinds by name; refuses two of one name.
package struct TaskKinds: Sendable {
    /// Every kind there is. A new one adds its line here.
    package static let builtIn: [any TaskKind.Type] = [
        TextClassification.self,
        TextPairClassification.self,
        Tagging.self,
        DependencyParsing.self,
        Regression.self,
        MultiLabelClassification.self,
        MultipleChoice.self,
        QuestionAnswering.self,
        SentenceSimilarity.self,
        Retrieval.self,
        EntityLinking.self,
        Coreference.self,
        MaskedLanguageModeling.self,
    ]

    /// The table of `builtIn`.
    package static let standard: TaskKinds = {
        do { return try TaskKinds(builtIn) } catch { preconditionFailure("\(error)") }
    }()

    package let kinds: [any TaskKind.Type]

    /// - Throws: `TaskError.duplicateName`
    package init(_ kinds: [any TaskKind.Type]) throws(TaskError) {
        if let name = firstDuplicate(kinds.map { $0.name }) {
            throw .duplicateName(registry: "task kinds", name: name)
        }
        self.kinds = kinds
    }

    package var names: [String] { kinds.map { $0.name } }

    /// The kind of this name, or nil.
    package subscript(name: String) -> (any TaskKind.Type)? { kinds.first { $0.name == name } }

    /// The kind whose fields these columns have; the one with most fields if several fit, the first of equals.
    package func kind(ofColumns columns: Set<String>) -> (any TaskKind.Type)? {
        var columns = columns
        if columns.contains(LabelProbabilities.field) { columns.insert("label") }
        var best: (kind: any TaskKind.Type, fields: Int)?
        for kind in kinds where kind.isInferred {
            let fields = kind.forms.filter { columns.isSuperset(of: $0) }.map(\.count).max() ?? 0
            if fields > best?.fields ?? 0 { best = (kind, fields) }
        }
        return best?.kind
    }
}

func firstDuplicate(_ names: [String]) -> String? {
    var seen = Set<String>()
    return names.first { !seen.insert($0).inserted }
}

/// A row under the task's field names, with the file for messages.
package struct FieldRow: Sendable {
    package let file: String
    package let row: Row
    /// Canonical field to column.
    package let columns: [String: String]

    package var line: Int { row.line }

    package init(file: String, row: Row, columns: [String: String]) {
        self.file = file
        self.row = row
        self.columns = columns
    }

    package func column(_ field: String) -> String { columns[field] ?? field }

    /// The value, or nil if the column is absent or null.
    package func value(_ field: String) -> FieldValue? {
        let value = row.values[column(field)]
        return value == .null ? nil : value
    }

    /// - Throws: `TaskError.missingField` if the column is absent, `.nullValue` if it is null
    package func required(_ field: String) throws(TaskError) -> FieldValue {
        if let value = value(field) { return value }
        guard row.values[column(field)] == nil else {
            throw .nullValue(file: file, line: line, field: field, column: column(field))
        }
        throw .missingField(
            file: file, line: line, field: field, column: column(field), columns: row.values.keys.sorted())
    }

    /// A text; empty ones are allowed.
    package func text(_ field: String) throws(TaskError) -> String {
        let value = try required(field)
        if case .string(let text) = value { return text }
        throw wrongType(field, value, expected: "a string")
    }

    /// A label: a string that is not empty, an integer, or a boolean, as text.
    package func label(_ field: String) throws(TaskError) -> String { try label(try required(field), field) }

    /// A list of labels; see `items`.
    package func labels(_ field: String) throws(TaskError) -> [String] {
        var labels: [String] = []
        for item in try items(field, expected: "a list of labels") { labels.append(try label(item, field)) }
        return labels
    }

    /// A list of integers; see `items`.
    package func integers(_ field: String) throws(TaskError) -> [Int] {
        var integers: [Int] = []
        for item in try items(field, expected: "a list of integers") {
            switch item {
            case .integer(let integer): integers.append(integer)
            case .string(let text):
                guard let integer = Int(text) else {
                    throw wrongType(field, found: "a list with '\(shown(text))'", expected: "a list of integers")
                }
                integers.append(integer)
            default: throw wrongType(field, found: "a list with \(item.typeName)", expected: "a list of integers")
            }
        }
        return integers
    }

    /// A list of texts; see `items`.
    package func texts(_ field: String) throws(TaskError) -> [String] {
        var texts: [String] = []
        for item in try items(field, expected: "a list of strings") {
            guard case .string(let text) = item else {
                throw wrongType(field, found: "a list with \(item.typeName)", expected: "a list of strings")
            }
            texts.append(text)
        }
        return texts
    }

    /// The items of a list. CSV and TSV have none, so that a string is read as a JSON list, or else split at white space.
    private func items(_ field: String, expected: String) throws(TaskError) -> [FieldValue] {
        let value = try required(field)
        switch value {
        case .list(let items): return items
        case .string(let text):
            if let list = WordList.list(text) { return list }
            return text.split(whereSeparator: \.isWhitespace).map { .string(String($0)) }
        default: throw wrongType(field, value, expected: expected)
        }
    }

    private func label(_ value: FieldValue, _ field: String) throws(TaskError) -> String {
        switch value {
        case .string(""):
            throw .emptyLabel(file: file, line: line, column: column(field))
        case .string(let text): return text
        case .integer(let number): return String(number)
        case .boolean(let flag): return flag ? "true" : "false"
        case .number(let number) where abs(number) >= 0x1p63:
            throw .wrongType(
                file: file, line: line, column: column(field), found: "\(number)",
                expected: "an integer from -2^63 to 2^63 - 1, or a string")
        default: throw wrongType(field, value, expected: "a string, an integer or a boolean")
        }
    }

    /// A name: a string that is not empty, or an integer, as text.
    package func name(_ field: String) throws(TaskError) -> String {
        let value = try required(field)
        switch value {
        case .string(""):
            throw .wrongType(
                file: file, line: line, column: column(field), found: "an empty string",
                expected: "a name or an integer")
        case .string(let text): return text
        case .integer(let number): return String(number)
        default: throw wrongType(field, value, expected: "a string or an integer")
        }
    }

    package func wrongType(_ field: String, _ value: FieldValue, expected: String) -> TaskError {
        wrongType(field, found: value.typeName, expected: expected)
    }

    package func wrongType(_ field: String, found: String, expected: String) -> TaskError {
        .wrongType(file: file, line: line, column: column(field), found: found, expected: expected)
    }
}
