import Files

/// What can be wrong with a task's definition or data. Each description is one line: file, line, field, what was found,
/// what was expected, the fix.
package enum TaskError: Error, Equatable, Sendable {
    /// The file or folder is absent or cannot be read.
    case unreadable(file: String, reason: String)
    /// A folder has no file of a split.
    case noSplitFiles(folder: String, found: [String])
    /// A data file was given where a task is expected.
    case dataFileAsTask(file: String, name: String)
    /// The bytes do not follow the file's format (YAML, JSON, CSV).
    case malformed(file: String, line: Int, problem: String, fix: String)
    /// The file holds something else than its name says, or than can be read.
    case otherContent(file: String, found: String, fix: String)
    /// The line is not UTF-8.
    case notUTF8(file: String, line: Int)
    /// A file's extension belongs to no reader.
    case unknownFormat(file: String, known: [String])
    /// A key that no task definition has.
    case unknownKey(file: String, line: Int, key: String, nearest: String?, known: [String])
    /// A key that every task definition of this kind has is absent.
    case missingKey(file: String, key: String, expected: String)
    /// A key's value is of the wrong shape or outside the allowed ones. Line 0: it is in no file.
    case badValue(file: String, line: Int, key: String, found: String, expected: String)
    /// A folder's first row fits no kind.
    case unknownRow(file: String, line: Int, columns: [String], kinds: [String])
    /// The split is asked for but the definition does not name its file.
    case missingSplit(file: String, split: String)
    /// A file has no row with content.
    case noExamples(file: String)
    /// A row lacks a column.
    case missingField(file: String, line: Int, field: String, column: String, columns: [String])
    /// A row's value is null.
    case nullValue(file: String, line: Int, field: String, column: String)
    /// A row's value has the wrong type.
    case wrongType(file: String, line: Int, column: String, found: String, expected: String)
    /// A row's label is an empty text.
    case emptyLabel(file: String, line: Int, column: String)
    /// A row's answer is −1, which by convention stands for one that is kept back.
    case hiddenAnswer(file: String, line: Int, column: String)
    /// An answer does not stand at its start in the context. `found`: what stands there; nil: the start is not one of the
    /// context's `length` code points. `place`: where the answer stands; nil: nowhere.
    case misplacedAnswer(
        file: String, line: Int, column: String, text: String, start: Int, found: String?, length: Int, place: Int?)
    /// A label that is not among those that `source` gave.
    case unknownLabel(
        file: String, line: Int, label: String, nearest: String?, labels: [String], source: LabelSource)
    /// More than half of the training rows have labels that `source` does not have.
    case mostlyUnknown(file: String, rows: Int, counts: [String: Int], labels: [String], source: LabelSource)
    /// A number that no training row has.
    case noNumber(file: String, column: String, place: Int, of: Int)
    /// A split that is to be scored has no label to score with.
    case unscorable(file: String, split: String, reason: String)
    /// Fewer labels than the kind can learn from.
    case tooFewLabels(file: String, labels: [String], minimum: Int)
    /// Two kinds, readers or metrics of one name are registered.
    case duplicateName(registry: String, name: String)
}

extension TaskError: CustomStringConvertible {
    package var description: String { oneLine(text) }

    private var text: String {
        switch self {
        case .unreadable(let file, let reason):
            return "\(file): \(reason)"
        case .noSplitFiles(let folder, let found):
            return
                "\(folder): no train, dev or test file (found \(quoted(found))); expected train.jsonl, dev.jsonl (or "
                + "validation.jsonl) and test.jsonl; .json, .csv, .tsv, .conll and .conllu work too, each also with .gz"
        case .dataFileAsTask(let file, let name):
            return
                "\(file): a data file, not a task; give its folder (with files named train, dev and test), or a YAML with "
                + "kind: and data: {train: \(shown(name))}"
        case .malformed(let file, let line, let problem, let fix):
            return "\(file):\(line): \(problem); \(fix)"
        case .otherContent(let file, let found, let fix):
            return "\(file): this is \(found); \(fix)"
        case .notUTF8(let file, let line):
            // Only CSV and TSV have an encoding of their own
            let name = file.lowercased().replacing(".gz", with: "")
            let setting =
                name.hasSuffix(".csv") || name.hasSuffix(".tsv")
                ? ", or set encoding: windows-1252 (or another) in a task YAML" : ": iconv -f WINDOWS-1252 -t UTF-8"
            return "\(file):\(line): not valid UTF-8; save the file as UTF-8\(setting)"
        case .unknownFormat(let file, let known):
            return "\(file): no reader for this extension; expected \(list(known.map { "." + $0 })), each also with .gz"
        case .unknownKey(let file, let line, let key, let nearest, let known):
            let hint = nearest.map { "did you mean '\($0)'?" } ?? "known keys: \(known.joined(separator: ", "))"
            return "\(file):\(line): unknown key '\(shown(key))'; \(hint)"
        case .missingKey(let file, let key, let expected):
            return "\(file): no '\(key)'; \(expected)"
        case .badValue(let file, let line, let key, let found, let expected):
            return "\(line > 0 ? "\(file):\(line)" : file): \(key) is \(found); expected \(expected)"
        case .unknownRow(let file, let line, let columns, let kinds):
            let separated = DelimitedText.likelyDelimiter(columns).map {
                "if that is the delimiter, set delimiter: \($0) in a task YAML, "
            }
            return
                "\(file):\(line): columns \(quoted(columns)) do not match a kind of task; expected \(kinds.joined(separator: ", or ")); "
                + (separated ?? "") + (separated == nil ? "" : "or ")
                + "write a task YAML that maps the columns under fields"
        case .missingSplit(let file, let split):
            let isYAML = file.hasSuffix(".yaml") || file.hasSuffix(".yml")
            return "\(file): no \(split) split; "
                + (isYAML ? "add '\(split): FILE' under data" : "add a file named \(split), such as \(split).jsonl")
        case .noExamples(let file):
            return "\(file): no rows; expected one row per example"
        case .missingField(let file, let line, let field, let column, let columns):
            let fix =
                DelimitedText.likelyDelimiter(columns).map {
                    "if that is the delimiter, set delimiter: \($0) in a task YAML"
                }
                ?? (field == column
                    ? "add it, or name its column in a task YAML: fields: {\(field): COLUMN}"
                    : "add it, or fix fields: {\(field): \(column)} in the task YAML")
            return "\(file):\(line): no '\(column)' (found \(quoted(columns))); \(fix)"
        case .wrongType(let file, let line, let column, let found, let expected):
            return "\(file):\(line): '\(column)' is \(found); expected \(expected)"
        case .emptyLabel(let file, let line, let column):
            return "\(file):\(line): '\(column)' is empty; expected a label; fill it in, or delete the row"
        case .hiddenAnswer(let file, let line, let column):
            return
                "\(file):\(line): '\(column)' is -1, which stands for an answer that is kept back; fill it in, or delete the row"
        case .misplacedAnswer(let file, let line, let column, let text, let start, let found, let length, let place):
            let there =
                found.map { "found '\(shown($0))' there" }
                ?? "found the end: the context has \(counted(length, "code point"))"
            let fix = place.map { "set start to \($0)" } ?? "the context does not contain it; correct the text"
            return
                "\(file):\(line): '\(column)' has '\(shown(text))' at \(start), in code points; \(there); \(fix), or add "
                + "--skip-unknown-labels to skip such rows"
        case .nullValue(let file, let line, let field, let column):
            return "\(file):\(line): '\(column)' is null; expected a \(field); fill it in, or delete the row"
        case .unknownLabel(let file, let line, let label, let nearest, let labels, let source):
            let near = nearest.map { " (nearest: '\(shown($0))')" } ?? ""
            let found = "\(file):\(line): label '\(shown(label))'"
            switch source {
            case .training(let training):
                return "\(found) does not occur in \(training)\(near); "
                    + "fix it, or list all labels under labels in a task YAML"
            case .definition(let definition):
                return "\(found) is not one of the \(labels.count) labels in \(definition)\(near); "
                    + "fix it, or add it to labels"
                    + numbersHint(label, labels)
            case .bundle(let bundle):
                return "\(found) is not a label of the head in \(bundle), which knows \(quoted(labels))\(near); "
                    + "use a bundle that was trained on these labels, or rename the labels in the data"
            case .sourceLanguage(let training):
                return "\(found) is not a label of the same task in \(training), which has \(quoted(labels))\(near); "
                    + "use the same labels in all languages"
            }
        case .mostlyUnknown(let file, let rows, let counts, let labels, let source):
            let unknown = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            let some = unknown.prefix(5).map { "'\(shown($0.key))' (\(counted($0.value, "row")))" }
            let total = counts.values.reduce(0, +)
            return
                "\(file): \(counted(total, of: rows, "training rows", "has", "have")) a label that \(source.words) does not "
                + "have: \(some.joined(separator: ", "))\(unknown.count > 5 ? ", …" : ""); expected \(quoted(labels)); "
                + source.fix + numbersHint(unknown.first?.key ?? "", labels)
        case .noNumber(let file, let column, let place, let all):
            return
                "\(file): value \(place) of \(all) of '\(column)' is missing in every training row; fill it in, or remove it "
                + "from the lists"
        case .unscorable(let file, let split, let reason):
            return "\(file): the \(split) split cannot be scored: \(reason); add labels, or choose another split"
        case .tooFewLabels(let file, let labels, let minimum):
            return "\(file): labels are \(quoted(labels)); expected at least \(minimum) different ones"
        case .duplicateName(let registry, let name):
            return "\(registry): '\(name)' is registered twice; give one of them another name"
        }
    }
}

/// How to say that numbers stand for names, where a number is among the data and names are listed.
private func numbersHint(_ label: String, _ labels: [String]) -> String {
    guard LabelIndex.wholeNumber(label) != nil, labels.allSatisfy({ LabelIndex.wholeNumber($0) == nil }) else {
        return ""
    }
    let pairs = labels.enumerated().prefix(4).map { "\($0.offset): \(yamlScalar($0.element))" }.joined(separator: ", ")
    return
        "; if the numbers mean these labels, write a map, for example labels: {\(pairs)\(labels.count > 4 ? ", …" : "")}"
}

/// `'a', 'b', 'c'`, cut after ten.
func quoted(_ names: [String]) -> String {
    if names.isEmpty { return "none" }
    let head = names.prefix(10).map { "'\(shown($0))'" }.joined(separator: ", ")
    return names.count > 10 ? head + ", … (\(names.count) in all)" : head
}

/// `a, b or c`.
private func list(_ names: [String]) -> String {
    guard names.count > 1, let last = names.last else { return names.first ?? "none" }
    return names.dropLast().joined(separator: ", ") + " or " + last
}

/// A value from a file, fit for one line of a terminal: control characters escaped, at most 60 characters.
func shown(_ text: String) -> String {
    var result = ""
    var count = 0
    for scalar in text.unicodeScalars {
        if count == 60 { return result + "…" }
        count += 1
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
            result += "\\u{" + String(scalar.value, radix: 16) + "}"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}
