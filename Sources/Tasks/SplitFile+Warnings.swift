import Files
import Foundation

extension SplitFile {
    /// What a user should know of a split's rows, each in one line.
    func warnings(_ content: Content, labels: LabelIndex, task: String) -> [String] {
        var warnings = table.warnings.map { "\(task): \($0)" }
        if let warning = swallowedRows(labels) { warnings.append("\(task): \(warning)") }
        if let reason = content.unscorable {
            warnings.append("\(task): the \(split.rawValue) split cannot be scored (\(name)): \(reason)")
            return warnings
        }
        let all = table.rows.count
        if let first = content.skipped.first {
            warnings.append(
                "\(task): skipped \(content.skipped.count) of \(all) rows of \(split.rawValue): "
                    + "\(content.skipped.summary) (the first is \(name):\(first.line))")
        }
        let unknown = content.examples.filter { $0.unknownLabel != nil }
        if let first = unknown.first, let label = first.unknownLabel {
            let near = nearestName(to: label, among: labels.names).map { ", nearest: '\(shown($0))'" } ?? ""
            warnings.append(
                "\(task): \(counted(unknown.count, of: all, "rows of \(split.rawValue)", "has", "have")) a label that "
                    + "\(labels.source.words) does not have, for example '\(shown(label))' (\(name):\(first.line)\(near)); "
                    + (unknown.count == 1 ? "it counts as wrong" : "they count as wrong")
            )
        }
        let empty = content.examples.filter { example in
            example.payload?.words.map { $0.isEmpty || $0.contains { $0.allSatisfy(\.isWhitespace) } } ?? false
        }
        if let first = empty.first {
            let column = columns["tokens"] ?? "tokens"
            warnings.append(
                "\(task): \(counted(empty.count, of: all, "rows of \(split.rawValue)", "has", "have")) no tokens or an empty "
                    + "one under '\(column)' (the first is \(name):\(first.line)); fill them in, or delete the "
                    + (empty.count == 1 ? "row" : "rows"))
        }
        let doubtful = content.examples.filter { $0.payload?.doubt != nil }
        if let first = doubtful.first, let doubt = first.payload?.doubt {
            warnings.append(
                "\(task): \(counted(doubtful.count, of: all, "rows of \(split.rawValue)", "has", "have")) a doubtful answer (the "
                    + "first is \(name):\(first.line): \(doubt)); "
                    + (doubtful.count == 1 ? "it is used as it is" : "they are used as they are"))
        }
        let broken = content.examples.filter { Self.isBroken($0.text) || Self.isBroken($0.pair ?? "") }
        if let first = broken.first {
            warnings.append(
                "\(task): \(counted(broken.count, of: all, "rows of \(split.rawValue)", "contains", "contain")) "
                    + "U+FFFD or NUL (the first is \(name):\(first.line)); an earlier program may have read the file in the wrong encoding"
            )
        }
        return warnings
    }

    private static func isBroken(_ text: String) -> Bool {
        text.unicodeScalars.contains { $0.value == 0xFFFD || $0.value == 0 }
    }

    /// Quoted cells that go on over line ends. Text with line ends is common in CSV, so there it takes a line inside that
    /// would be a row itself; TSV is more often written without quoting, and a cell over several lines is doubtful.
    private func swallowedRows(_ labels: LabelIndex) -> String? {
        guard let delimiter = table.delimiter, let first = table.cellsOverLines.first else { return nil }
        let places = table.rows.count
        let fix = "if quotes are plain characters, set quoting: none in a task YAML"
        if delimiter == 0x09 {
            return
                "\(counted(table.cellsOverLines.count, "quoted cell")) of \(name) "
                + (table.cellsOverLines.count == 1 ? "spans" : "span") + " several lines (the first begins in line "
                + "\(first)); \(counted(places, "row was", "rows were")) read; \(fix)"
        }
        let suspects = table.rows.filter { holdsRows($0, delimiter: delimiter, labels: labels) }
        guard let suspect = suspects.first else { return nil }
        return
            "\(counted(suspects.count, "quoted cell")) of \(name) seem\(suspects.count == 1 ? "s" : "") to contain other rows "
            + "(the first is in the row of line \(suspect.line)); \(counted(places, "row was", "rows were")) read; \(fix)"
    }

    /// Whether a cell has a line that ends or continues as a row would, with a known label in the label's column.
    private func holdsRows(_ row: Row, delimiter: UInt8, labels: LabelIndex) -> Bool {
        let separator = Character(Unicode.Scalar(delimiter))
        guard let labelColumn = table.columns.firstIndex(of: columns["label"] ?? "label") else { return false }
        let width = table.columns.count
        for (column, name) in table.columns.enumerated() {
            guard case .string(let text)? = row.values[name], text.contains(where: \.isNewline) else { continue }
            let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            for (i, line) in lines.enumerated() {
                let cells = line.split(separator: separator, omittingEmptySubsequences: false)
                // The first line is the end of a row, the last one the beginning of one.
                let expected = i == 0 ? width - column : i == lines.count - 1 ? column + 1 : width
                let place = i == 0 ? labelColumn - column : labelColumn
                guard cells.count == expected, cells.count > 1, cells.indices.contains(place) else { continue }
                if labels.names.contains(labels.name(of: String(cells[place]))) { return true }
            }
        }
        return false
    }
}

extension LabelSource {
    /// What has the labels, for the middle of a sentence.
    var words: String {
        switch self {
        case .training(let file): file
        case .definition(let file): "the list in \(file)"
        case .bundle(let file): "the head in \(file)"
        case .sourceLanguage(let file): file
        }
    }

    /// What to do about many labels that it does not have.
    var fix: String {
        switch self {
        case .training: "fix the labels, or list all labels under labels in a task YAML"
        case .definition: "fix the labels in the data, or list those of the data under labels"
        case .bundle: "use a bundle that was trained on these labels, or rename the labels in the data"
        case .sourceLanguage: "use the same labels in all languages"
        }
    }
}
