import Files

/// Which fields of a record a head reads: one text, two texts, words, or those of its kind of task.
package enum PredictionInput: Equatable, Sendable {
    case single(String)
    case pair(String, String)
    /// Words as a list, or a text that is split at white space.
    case words(String)
    /// The fields of a kind that reads more than texts, such as a question and its choices; by the kind's name.
    case kind(String)

    /// - Parameters:
    ///   - kind: the task kind that the head was trained for; nil: unknown
    ///   - pairs: whether the head was trained on pairs of texts; nil: its kind says, or it is not known
    ///   - columns: as `--text-column` has them, with a comma between two
    /// - Returns: nil if the first record decides
    /// - Throws: `TaskError.badValue` if the number of columns does not fit the kind
    package static func named(
        kind: String?, pairs: Bool? = nil, columns: String?
    ) throws(TaskError) -> PredictionInput? {
        var forms = kind.flatMap { TaskKinds.standard[$0]?.inputForms } ?? []
        if let kind, let other = forms.joined().first(where: { !Self.textFields.contains($0) }) {
            guard let columns else { return .kind(kind) }
            throw .badValue(
                file: "--text-column", line: 0, key: "columns", found: "'\(shown(columns))'",
                expected:
                    "no such option, because the head reads the fields of \(kind), such as \(other); rename the fields")
        }
        if let pairs { forms.removeAll { ($0.count == 2) != pairs } }
        guard let columns else { return forms.count == 1 ? PredictionInput(fields: forms[0]) : nil }
        if forms == [["tokens"]] { return .words(columns) }
        let names = columns.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let readsPairs = forms.isEmpty || forms.contains { $0.count == 2 }
        let readsSingles = forms.isEmpty || forms.contains { $0.count == 1 }
        if !readsPairs || readsSingles && names.count != 2 { return .single(columns) }
        guard names.count == 2, names[0] != names[1], names.allSatisfy({ !$0.isEmpty }) else {
            throw .badValue(
                file: "--text-column", line: 0, key: "columns", found: "'\(shown(columns))'",
                expected: "two columns separated by a comma, because the head was trained on text pairs")
        }
        return .pair(names[0], names[1])
    }

    /// Fields whose columns `--text-column` can name.
    private static let textFields: Set<String> = ["text", "text_a", "text_b", "tokens"]

    private init(fields: [String]) {
        self =
            fields == ["tokens"] ? .words("tokens") : fields.count == 2 ? .pair(fields[0], fields[1]) : .single("text")
    }

    /// The form of the first record.
    package init(_ record: Record) {
        let isPair = record["text"] == nil && record["text_a"] != nil && record["text_b"] != nil
        self = isPair ? .pair("text_a", "text_b") : .single("text")
    }

    /// The example of a record.
    /// - Parameter file: as messages show it
    /// - Throws: `TaskError.malformed`
    package func example(_ record: Record, id: Int, file: String) throws(TaskError) -> Example {
        switch self {
        case .single(let column):
            return Example(id: id, text: try text(column, record, file), line: record.line)
        case .pair(let first, let second):
            return Example(
                id: id, text: try text(first, record, file), pair: try text(second, record, file), line: record.line)
        case .words(let column):
            let words = try words(column, record, file)
            return Example(
                id: id, text: words.joined(separator: " "), line: record.line, payload: TaggedTokens(tokens: words))
        case .kind(let name): return try example(record, ofKind: name, id: id, file: file)
        }
    }

    private func example(
        _ record: Record, ofKind name: String, id: Int, file: String
    ) throws(TaskError) -> Example {
        guard let kind = TaskKinds.standard[name] else { preconditionFailure("no kind \(name)") }
        // An answer in the data is not read: it may be kept back, or one that the head does not know
        var values: [String: FieldValue] = [:]
        for field in record.fields where !kind.targets.contains(field.name) { values[field.name] = field.value }
        let row = FieldRow(file: file, row: Row(line: record.line, values: values), columns: [:])
        do throws(TaskError) {
            return try kind.example(
                from: row, id: id, labels: LabelIndex([], source: .training(file: "")), needsTarget: false)
        } catch .missingField(_, let line, let field, _, _) {
            throw .malformed(
                file: file, line: line,
                problem: "no '\(field)' (found \(quoted(record.fields.map(\.name))))", fix: fix(record))
        }
    }

    /// The words of a list; of a text those between white space. Records without the column may have `text` instead.
    private func words(_ column: String, _ record: Record, _ file: String) throws(TaskError) -> [String] {
        let hasColumn = record[column] != nil || column != "tokens" || record["text"] == nil
        let field = try field(hasColumn ? column : "text", record, file)
        if let words = WordList.words(field.value) { return words }
        throw .malformed(
            file: file, line: record.line, problem: "'\(shown(field.name))' is \(WordList.found(field.value))",
            fix: "expected a list of strings, or a string")
    }

    private func text(_ column: String, _ record: Record, _ file: String) throws(TaskError) -> String {
        let field = try field(column, record, file)
        if case .string(let text) = field.value { return text }
        throw .malformed(
            file: file, line: record.line, problem: "'\(shown(column))' is \(field.value.typeName)",
            fix: "expected a string")
    }

    private func field(_ column: String, _ record: Record, _ file: String) throws(TaskError) -> Record.Field {
        if let field = record[column] { return field }
        throw .malformed(
            file: file, line: record.line,
            problem: "no '\(shown(column))' (found \(quoted(record.fields.map(\.name))))", fix: fix(record))
    }

    private func fix(_ record: Record) -> String {
        switch self {
        case .single where record["text_a"] != nil && record["text_b"] != nil:
            "the head reads single texts, not pairs; use a bundle that was trained on text pairs"
        case .pair where record["text"] != nil:
            "the head reads text pairs, not single texts; expected 'text_a' and 'text_b'"
        case .kind: "add it; the head reads the fields of its kind of task"
        case .single, .words: "add it, or name the column with --text-column"
        case .pair: "add it, or name both columns with --text-column A,B"
        }
    }
}

/// Words as data gives them: a list of strings; a string with such a list in JSON, as CSV cells have it; or another
/// string, which is split at white space.
enum WordList {
    /// - Returns: nil for other values
    static func words(_ value: FieldValue) -> [String]? {
        switch value {
        case .list(let items):
            let words = items.compactMap { if case .string(let word) = $0 { word } else { nil } }
            return words.count == items.count ? words : nil
        case .string(let text):
            if let list = list(text), let words = words(.list(list)) { return words }
            return text.split(whereSeparator: \.isWhitespace).map(String.init)
        default: return nil
        }
    }

    /// The list that a text holds in JSON, or nil.
    static func list(_ text: String) -> [FieldValue]? {
        guard text.utf8.first == UInt8(ascii: "["), let value = try? JSONReader.read(Array(text.utf8)),
            case .list(let items) = FieldValue(value)
        else { return nil }
        return items
    }

    /// What was found instead, for a message.
    static func found(_ value: FieldValue) -> String {
        guard case .list(let items) = value else { return value.typeName }
        let other = items.first { if case .string = $0 { false } else { true } }
        return "a list" + (other.map { " with \($0.typeName)" } ?? "")
    }
}
