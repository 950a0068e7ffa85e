import Files
import Tasks

/// Writes predictions as JSON Lines or CSV, one line for each record of the input.
///
/// CSV has the column `line`, then those of the predictions' form, then the kept fields, then `error` if bad lines are
/// skipped. The kept fields are fixed by the header of the input, or by its first record if that is JSON.
package struct PredictionWriter {
    private let form: any PredictionForm
    private let settings: PredictionSettings
    private let file: String
    /// Names of the kept fields in the input and in the output.
    private var columns: [(input: String, output: String)] = []
    /// The line whose fields fixed the columns.
    private var fixedBy = 0
    package private(set) var hasBegun = false

    /// - Parameter file: the input, as messages show it
    package init(form: any PredictionForm, settings: PredictionSettings, file: String) {
        self.form = form
        self.settings = settings
        self.file = file
    }

    /// Names that kept fields must not have.
    private var taken: Set<String> {
        Set(["line", "error"] + (settings.output == .jsonl ? form.fields : form.columns))
    }

    /// Fixes which fields are kept.
    /// - Parameters:
    ///   - fields: the input's, as far as they are known
    ///   - line: the line that has them
    ///   - isComplete: whether no record has other fields
    /// - Returns: the header of CSV, without its line end; nil for JSON Lines
    /// - Throws: `TaskError.malformed` for a kept field that the input does not have
    package mutating func begin(fields: [String], line: Int, isComplete: Bool) throws(TaskError) -> String? {
        let names: [String]
        switch settings.kept {
        case .none: names = []
        case .all: names = fields
        case .named(let wanted):
            names = wanted
            if isComplete, let missing = wanted.first(where: { !fields.contains($0) }) {
                throw .malformed(
                    file: file, line: line,
                    problem: "no '\(missing)' to keep (found \(fields.map { "'\($0)'" }.joined(separator: ", ")))",
                    fix: "fix --keep")
            }
        }
        var used = taken
        columns = names.map { ($0, Self.free($0, &used)) }
        fixedBy = line
        hasBegun = true
        guard settings.output == .csv else { return nil }
        let errors = settings.onError == .skip ? ["error"] : []
        return CSVText.row(["line"] + form.columns + columns.map(\.output) + errors)
    }

    /// Names of the fields to keep that this record does not have.
    package func missing(in record: Record) -> [String] {
        guard case .named(let names) = settings.kept else { return [] }
        return names.filter { record[$0] == nil }
    }

    private static func free(_ name: String, _ used: inout Set<String>) -> String {
        var name = name
        while !used.insert(name).inserted { name = "input_" + name }
        return name
    }

    /// Why a record's fields cannot be kept, or nil.
    package func fault(in record: Record) -> TaskError? {
        guard settings.output == .csv, settings.kept == .all else { return nil }
        let names = Set(columns.map(\.input))
        guard let extra = record.fields.first(where: { !names.contains($0.name) }) else { return nil }
        return .malformed(
            file: file, line: record.line,
            problem: "'\(extra.name)' does not appear in line \(fixedBy), which fixed the columns of the CSV",
            fix: "name the fields with --keep, or write JSON Lines")
    }

    /// The line of a prediction, without its line end.
    package func line(_ record: Record, _ example: Example, _ prediction: Prediction) -> String {
        guard settings.output == .jsonl else {
            return CSVText.row(
                ["\(record.line)"] + form.cells(prediction, example)
                    + columns.map { record[$0.input].map(Self.cell) ?? "" }
                    + (settings.onError == .skip ? [""] : []))
        }
        var text = "{\"line\":\(record.line),\(form.json(prediction, example))"
        if settings.kept == .all {
            // Each record has its own fields
            var used = taken
            for field in record.fields {
                text += ",\(JSONText.quoted(Self.free(field.name, &used))):\(field.json)"
            }
        } else {
            for (input, output) in columns {
                text += ",\(JSONText.quoted(output)):\(record[input]?.json ?? "null")"
            }
        }
        return text + "}"
    }

    /// The line of a record that cannot be read, without its line end.
    package func line(_ line: Int, _ error: TaskError) -> String {
        if settings.output == .csv {
            let empty = [String](repeating: "", count: form.columns.count + columns.count)
            return CSVText.row(["\(line)"] + empty + ["\(error)"])
        }
        return "{\"line\":\(line),\"error\":\(JSONText.quoted("\(error)"))}"
    }

    /// A field in a cell: a text as it is, null as nothing, another value as JSON.
    private static func cell(_ field: Record.Field) -> String {
        switch field.value {
        case .string(let text): text
        case .null: ""
        default: field.json
        }
    }
}
