import Corpora
import Models
import Tasks
import Text

/// Errors of data, models and tokenizers in this library's words.
extension AmalgamError {
    static func of(_ error: TaskError) -> AmalgamError {
        let text = error.description
        let lastClause = text.components(separatedBy: "; ").last
        switch error {
        case .unreadable(let file, let reason):
            return make(
                reason.hasPrefix("no such") ? .missingFile : .unreadableFile, text, path: file, found: reason,
                fix: lastClause)
        case .noSplitFiles(let folder, let found):
            return make(
                .missingFile, text, path: folder, found: found.joined(separator: ", "), expected: "a train file")
        case .dataFileAsTask(let file, _): return make(.invalidContent, text, path: file, fix: lastClause)
        case .malformed(let file, let line, let problem, let fix):
            return make(.invalidContent, text, path: file, line: line, found: problem, fix: fix)
        case .otherContent(let file, let found, let fix):
            return make(.invalidContent, text, path: file, found: found, fix: fix)
        case .notUTF8(let file, let line):
            return make(
                .invalidContent, text, path: file, line: line, found: "other bytes", expected: "UTF-8", fix: lastClause)
        case .unknownFormat(let file, let known):
            return make(.unsupported, text, path: file, expected: known.joined(separator: ", "))
        case .unknownKey(let file, let line, let key, _, let known):
            return make(
                .invalidContent, text, path: file, line: line, field: key, found: "unknown key",
                expected: known.joined(separator: ", "), fix: lastClause)
        case .missingKey(let file, let key, let expected):
            return make(.missingField, text, path: file, field: key, found: "missing", expected: expected)
        case .badValue(let file, let line, let key, let found, let expected):
            return make(
                .invalidContent, text, path: file, line: line > 0 ? line : nil, field: key, found: found,
                expected: expected)
        case .unknownRow(let file, let line, let columns, let kinds):
            return make(
                .missingField, text, path: file, line: line, found: columns.joined(separator: ", "),
                expected: kinds.joined(separator: ", or "), fix: lastClause)
        case .missingSplit(let file, let split):
            return make(.noExamples, text, path: file, field: split, found: "missing", fix: lastClause)
        case .noExamples(let file):
            return make(.noExamples, text, path: file, found: "no rows", expected: "one row per example")
        case .missingField(let file, let line, let field, _, let columns):
            return make(
                .missingField, text, path: file, line: line, field: field,
                found: columns.joined(separator: ", "), expected: field, fix: lastClause)
        case .nullValue(let file, let line, let field, _):
            return make(
                .missingField, text, path: file, line: line, field: field, found: "null", expected: "a \(field)",
                fix: lastClause)
        case .wrongType(let file, let line, let column, let found, let expected):
            return make(
                .invalidContent, text, path: file, line: line, field: column, found: found, expected: expected)
        case .emptyLabel(let file, let line, let column):
            return make(
                .missingField, text, path: file, line: line, field: column, found: "empty", expected: "a label",
                fix: lastClause)
        case .hiddenAnswer(let file, let line, let column):
            return make(
                .missingField, text, path: file, line: line, field: column, found: "-1", expected: "an answer",
                fix: lastClause)
        case .misplacedAnswer(let file, let line, let column, let answer, let start, let found, _, _):
            return make(
                .invalidContent, text, path: file, line: line, field: column, found: found ?? "the end of the context",
                expected: "'\(answer)' at \(start)", fix: lastClause)
        case .unknownLabel(let file, let line, let label, _, let labels, _):
            return make(
                .unknownLabel, text, path: file, line: line, field: "label", found: label,
                expected: labels.joined(separator: ", "), fix: lastClause)
        case .mostlyUnknown(let file, _, let counts, let labels, _):
            return make(
                .unknownLabel, text, path: file, field: "label", found: counts.keys.sorted().joined(separator: ", "),
                expected: labels.joined(separator: ", "), fix: lastClause)
        case .noNumber(let file, let column, let place, let all):
            return make(
                .noExamples, text, path: file, field: column, found: "value \(place) of \(all) is missing",
                expected: "a number in at least one row", fix: lastClause)
        case .unscorable(let file, let split, let reason):
            return make(.noExamples, text, path: file, field: split, found: reason, fix: lastClause)
        case .tooFewLabels(let file, let labels, let minimum):
            return make(
                .invalidContent, text, path: file, field: "labels", found: labels.joined(separator: ", "),
                expected: "at least \(minimum)")
        case .duplicateName(_, let name): return make(.invalidContent, text, found: name)
        }
    }

    static func of(_ error: ModelError) -> AmalgamError {
        let text = error.description
        switch error {
        case .noFolder(let path): return make(.missingFile, text, path: path)
        case .notAModel(let path, let found, let fix):
            return make(
                .unknownModel, text, path: path, found: found, expected: "a model's folder", fix: fix)
        case .field(let file, let field, let found, let expected):
            return make(
                .invalidContent, text, path: file, field: field, found: found, expected: expected,
                fix: "fix the file, or download the model again")
        case .unsupported(let file, let field, let found, let supported):
            return make(
                .unsupported, text, path: file, field: field, found: found, expected: supported,
                fix: "use another model")
        case .content(let file, let found, let fix):
            return make(.invalidContent, text, path: file, found: found, expected: "a JSON object", fix: fix)
        case .pooling(let file, let found):
            return make(
                .unsupported, text, path: file, field: "pooling", found: found, expected: "mean or firstToken",
                fix: "choose a pooling")
        case .tensor(let file, let name, let found, let expected):
            return make(
                .invalidContent, text, path: file, field: name, found: found, expected: expected,
                fix: "download the model again")
        case .weight(let file, let name, let found, let element):
            return make(
                .notFinite, text, path: file, field: name, found: "\(found) at element \(element)",
                expected: "finite numbers", fix: "download the model again")
        case .purpose(let path, let found, let expected):
            return make(
                .unsupported, text, path: path, found: found, expected: expected, fix: "use another model")
        case .architecture(let file, let found, let known):
            return make(
                .unsupported, text, path: file, field: "model_type", found: found, expected: known,
                fix: "choose a model of one of these families")
        }
    }

    static func of(_ error: TextError) -> AmalgamError {
        let text = error.description
        switch error {
        case .noTokenizer(let folder), .noMerges(let folder): return make(.missingFile, text, path: folder)
        case .file(let error): return of(error)
        case .template(let file, let error): return make(of(error).kind, text, path: file, field: "chat_template")
        case .unreadable(let file, let reason): return make(.unreadableFile, text, path: file, found: reason)
        case .content(let file, let found, let fix):
            return make(.invalidContent, text, path: file, found: found, expected: "a tokenizer file", fix: fix)
        case .notJSON(let file, let offset, let found, let expected):
            return make(
                .invalidContent, text, path: file, field: "byte \(offset)", found: found, expected: expected,
                fix: "copy the file again")
        case .field(let file, let field, let found, let expected, let fix):
            return make(
                .invalidContent, text, path: file, field: field, found: found, expected: expected, fix: fix)
        case .unsupported(let file, let field, let found, let supported):
            return make(.unsupported, text, path: file, field: field, found: found, expected: supported)
        case .vocabulary(let file, let place, let found, let expected):
            return make(.invalidContent, text, path: file, field: place, found: found, expected: expected)
        }
    }

    static func of(_ error: TemplateError) -> AmalgamError {
        let text = error.description
        switch error {
        case .syntax(let place, let found, let expected):
            return make(
                .invalidContent, text, line: place.line, field: "column \(place.column)", found: found,
                expected: expected, fix: "fix the template")
        case .unsupported(let place, let what):
            return make(.unsupported, text, line: place.line, field: "column \(place.column)", found: what)
        case .value(let place, let what), .raised(let place, let what), .limit(let place, let what):
            return make(.invalidContent, text, line: place.line, field: "column \(place.column)", found: what)
        }
    }

    static func of(_ error: CorporaError) -> AmalgamError {
        let text = error.description
        switch error {
        case .option(let name, let found, let expected):
            return make(.option, text, field: name, found: found, expected: expected)
        case .toolMissing(let tool, _, let fix):
            return make(.unavailable, text, field: tool, found: "missing", fix: fix)
        case .toolFailed(let command, let status, _, let fix):
            return make(.unavailable, text, field: command, found: "status \(status)", fix: fix)
        case .missing(let path, let expected, let fix):
            return make(.missingFile, text, path: path, expected: expected, fix: fix)
        case .unreadable(let path, let reason): return make(.unreadableFile, text, path: path, found: reason)
        case .unwritable(let path, let reason): return make(.unwritableFile, text, path: path, found: reason)
        case .malformed(let path, let line, let found, let expected):
            return make(.invalidContent, text, path: path, line: line, found: found, expected: expected)
        case .tooLarge(let path, let limit):
            return make(.invalidContent, text, path: path, expected: "at most \(limit) bytes")
        case .hash(let path, let found, let expected, let fix):
            return make(
                .invalidContent, text, path: path, field: "SHA-256", found: found, expected: expected, fix: fix)
        case .nothing(let path, let found, let expected, let fix):
            return make(.noExamples, text, path: path, found: found, expected: expected, fix: fix)
        case .unknownModel(let name, let known):
            return make(.unknownModel, text, found: name, expected: known.joined(separator: ", "))
        case .modelNotFetched(let name, let path, let found):
            return make(
                .modelNotFetched, text, path: path, found: found, expected: "the model \(name)",
                fix: "fetch it with Model.fetch")
        }
    }
}
