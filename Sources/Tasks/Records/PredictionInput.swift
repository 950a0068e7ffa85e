/// Which fields of a record a head reads: one text, or two.
package enum PredictionInput: Equatable, Sendable {
    case single(String)
    case pair(String, String)

    /// - Parameters:
    ///   - kind: that the head was trained for; nil: not known, then the first record tells
    ///   - columns: as `--text-column` has them, with a comma between two
    /// - Throws: `TaskError.badValue` where their number does not fit the kind
    package static func named(kind: String?, columns: String?) throws(TaskError) -> PredictionInput? {
        guard let columns else {
            switch kind {
            case TextClassification.name: return .single("text")
            case TextPairClassification.name: return .pair("text_a", "text_b")
            default: return nil
            }
        }
        let names = columns.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        if kind != TextPairClassification.name, kind != nil || names.count != 2 { return .single(columns) }
        guard names.count == 2, names[0] != names[1], names.allSatisfy({ !$0.isEmpty }) else {
            throw .badValue(
                file: "--text-column", line: 1, key: "columns", found: "'\(shown(columns))'",
                expected: "two columns separated by a comma, because the head was trained on text pairs")
        }
        return .pair(names[0], names[1])
    }

    /// What the first record tells where the head does not.
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
        }
    }

    private func text(_ column: String, _ record: Record, _ file: String) throws(TaskError) -> String {
        guard let field = record[column] else {
            throw .malformed(
                file: file, line: record.line,
                problem: "no '\(shown(column))' (found \(quoted(record.fields.map(\.name))))", mend: mend(record))
        }
        if case .string(let text) = field.value { return text }
        throw .malformed(
            file: file, line: record.line, problem: "'\(shown(column))' is \(field.value.typeName)",
            mend: "expected a string")
    }

    private func mend(_ record: Record) -> String {
        switch self {
        case .single where record["text_a"] != nil && record["text_b"] != nil:
            "the head reads single texts, not pairs; use a bundle that was trained on text pairs"
        case .pair where record["text"] != nil:
            "the head reads text pairs, not single texts; expected 'text_a' and 'text_b'"
        case .single: "add it, or name the column with --text-column"
        case .pair: "add it, or name both columns with --text-column A,B"
        }
    }
}
