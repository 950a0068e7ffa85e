import Files
import Tasks

/// Writes predictions as JSON Lines or CSV, one line for each record of the input.
///
/// CSV has the columns `line`, `label`, `probability`, `abstained`, then for each further class under `top` its label and
/// probability, then `probability_LABEL` for each class, then the kept fields, then `error` where bad lines are skipped.
/// They are fixed by the header of the input, or by its first record where that is JSON.
package struct PredictionWriter {
    private let labels: [String]
    private let settings: PredictionSettings
    private let file: String
    /// Names of the kept fields in the input and in the output.
    private var columns: [(input: String, output: String)] = []
    /// The line whose fields fixed the columns.
    private var fixedBy = 0
    package private(set) var hasBegun = false
    private let jsonNames: [String]

    /// - Parameters:
    ///   - labels: the head's
    ///   - file: the input, as messages show it
    package init(labels: [String], settings: PredictionSettings, file: String) {
        self.labels = labels
        self.settings = settings
        self.file = file
        jsonNames = labels.map { JSONText.quoted($0) + ":" }
    }

    /// Names that the kept fields must not have.
    private var taken: Set<String> {
        settings.output == .jsonl
            ? ["line", "label", "probabilities", "top", "abstained", "error"] : Set(ownColumns + ["error"])
    }

    private var ownColumns: [String] {
        ["line", "label", "probability", "abstained"]
            + (1..<max(1, min(settings.top, labels.count))).flatMap { ["top_\($0 + 1)", "top_\($0 + 1)_probability"] }
            + labels.map { "probability_\($0)" }
    }

    /// Fixes which fields are kept.
    /// - Parameters:
    ///   - fields: that the input has, as far as is known
    ///   - line: that they stand in
    ///   - isComplete: whether no record has others
    /// - Returns: the header of CSV, without its end; nil for JSON Lines
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
                    mend: "fix --keep")
            }
        }
        var used = taken
        columns = names.map { ($0, Self.free($0, &used)) }
        fixedBy = line
        hasBegun = true
        guard settings.output == .csv else { return nil }
        let errors = settings.onError == .skip ? ["error"] : []
        return Self.csv(ownColumns + columns.map(\.output) + errors)
    }

    /// Names of fields to keep that this record lacks.
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
            mend: "name the fields with --keep, or write JSON Lines")
    }

    /// A prediction's line, without its end.
    package func line(_ record: Record, _ probabilities: [Float]) -> String {
        let order = Self.largest(min(settings.top, labels.count), of: probabilities)
        let best = order.first ?? 0
        let abstained = Double(probabilities[best]) < settings.threshold
        return settings.output == .csv
            ? csvLine(record, probabilities, order: order, abstained: abstained)
            : jsonLine(record, probabilities, order: order, abstained: abstained)
    }

    private func csvLine(_ record: Record, _ probabilities: [Float], order: [Int], abstained: Bool) -> String {
        var cells = [String(record.line)]
        for (i, c) in order.enumerated() {
            cells += [labels[c], JSONText.number(probabilities[c])]
            if i == 0 { cells.append("\(abstained)") }
        }
        cells += probabilities.map { JSONText.number($0) }
        cells += columns.map { record[$0.input].map(Self.cell) ?? "" }
        if settings.onError == .skip { cells.append("") }
        return Self.csv(cells)
    }

    private func jsonLine(_ record: Record, _ probabilities: [Float], order: [Int], abstained: Bool) -> String {
        var text = "{\"line\":\(record.line),\"label\":\(JSONText.quoted(labels[order.first ?? 0])),\"probabilities\":{"
        for c in labels.indices {
            if c > 0 { text += "," }
            text += jsonNames[c]
            text += JSONText.number(probabilities[c])
        }
        text += "},\"top\":["
        for (i, c) in order.enumerated() {
            text += i > 0 ? ",{\"label\":" : "{\"label\":"
            text += JSONText.quoted(labels[c])
            text += ",\"probability\":\(JSONText.number(probabilities[c]))}"
        }
        text += "],\"abstained\":\(abstained)"
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

    /// The line of a record that cannot be read, without its end.
    package func line(_ line: Int, _ error: TaskError) -> String {
        if settings.output == .csv {
            let empty = [String](repeating: "", count: ownColumns.count - 1 + columns.count)
            return Self.csv([String(line)] + empty + ["\(error)"])
        }
        return "{\"line\":\(line),\"error\":\(JSONText.quoted("\(error)"))}"
    }

    /// Indices of the largest values, of equal ones the first before.
    private static func largest(_ count: Int, of values: [Float]) -> [Int] {
        if count == 1 { return [Evaluator.best(values)] }
        return Array(values.indices.sorted { (-values[$0], $0) < (-values[$1], $1) }.prefix(count))
    }

    /// A field in a cell: a text as it is, null as nothing, another value as JSON.
    private static func cell(_ field: Record.Field) -> String {
        switch field.value {
        case .string(let text): text
        case .null: ""
        default: field.json
        }
    }

    /// A record of CSV (RFC 4180), without its end: what has a comma, a quote or a line break stands in quotes.
    package static func csv(_ cells: [String]) -> String {
        cells.map { cell in
            let needsQuotes = cell.utf8.contains { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }
            return needsQuotes ? "\"" + cell.replacing("\"", with: "\"\"") + "\"" : cell
        }.joined(separator: ",")
    }
}
