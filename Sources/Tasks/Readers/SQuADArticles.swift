import Files

/// SQuAD's JSON (versions 1.1 and 2.0, and sets in its form such as XQuAD): `{"data": [{"title", "paragraphs": [{"context",
/// "qas": [{"id", "question", "answers": [{"text", "answer_start"}], "is_impossible"}]}]}]}`.
///
/// Each question is a row with `context`, `question`, `answers` (a list of `text` and `start`), and `id` and `title` where
/// the file has them. `plausible_answers` are not read. One question is parsed at a time, and the rows of a paragraph share
/// its context.
enum SQuADArticles {
    /// Whether an element of `data` is an article: an object with a list under `paragraphs`.
    static func isArticle(_ content: ArraySlice<UInt8>, file: String) -> Bool {
        guard content.first == UInt8(ascii: "{") else { return false }
        var elements = JSONElements(content, file: file)
        var isFirst = true
        do throws(TaskError) {
            try elements.open()
            while try elements.next(closing: UInt8(ascii: "}"), isFirst: isFirst) {
                isFirst = false
                let key = try elements.key()
                if key == "paragraphs" { return elements.current == UInt8(ascii: "[") }
                _ = try elements.value()
            }
        } catch {}
        return false
    }

    /// The rows of an article, at most `limit`.
    /// - Parameters:
    ///   - index: of the article in `data`
    ///   - line: where it begins
    /// - Throws: `TaskError.malformed`, naming the place in the file
    static func rows(
        _ content: ArraySlice<UInt8>, index: Int, file: String, line: Int, limit: Int?
    ) throws(TaskError) -> [Row] {
        var rows: [Row] = []
        var title: FieldValue?
        var paragraphs: (content: ArraySlice<UInt8>, line: Int)?
        try Self.members(content, file: file, line: line) { (key, value, line) throws(TaskError) in
            switch key {
            case "title": title = FieldValue(try strict(value, file, line))
            case "paragraphs": paragraphs = (value, line)
            default: _ = try strict(value, file, line)
            }
        }
        let path = "[\(index)]"
        guard let paragraphs else { throw missing("paragraphs", file + path, line) }
        try items(paragraphs.content, file: file, line: paragraphs.line, name: path + ".paragraphs") {
            (place, content, path, line) throws(TaskError) in
            guard rows.count < limit ?? .max else { return }
            var context: FieldValue?
            var questions: (content: ArraySlice<UInt8>, line: Int)?
            try Self.members(content, file: file, line: line) { (key, value, line) throws(TaskError) in
                switch key {
                case "context": context = FieldValue(try strict(value, file, line))
                case "qas": questions = (value, line)
                default: _ = try strict(value, file, line)
                }
            }
            guard let context else { throw missing("context", file + path, line) }
            guard let questions else { throw missing("qas", file + path, line) }
            try items(questions.content, file: file, line: questions.line, name: path + ".qas") {
                (_, content, path, line) throws(TaskError) in
                guard rows.count < limit ?? .max else { return }
                var values = try question(try strict(content, file, line), file: file + path, line: line)
                values["context"] = context
                values["title"] = title
                var row = Row(line: line, values: values, element: index)
                row.path = String(path.dropFirst("[\(index)]".count))
                rows.append(row)
            }
        }
        return rows
    }

    /// The fields of one question.
    private static func question(
        _ value: JSONValue, file: String, line: Int
    ) throws(TaskError) -> [String: FieldValue] {
        guard case .object(let members) = value else {
            throw .malformed(
                file: file, line: line, problem: "\(FieldValue(value).typeName), not an object",
                fix: "expected an object with question, id and answers")
        }
        var values: [String: FieldValue] = [:]
        var isImpossible = false
        for (name, member) in members {
            switch name {
            case "answers": values["answers"] = try answers(member, file: file, line: line)
            case "is_impossible": isImpossible = if case .bool(true) = member { true } else { false }
            case "plausible_answers", "context", "title": break
            default: values[name] = FieldValue(member)
            }
        }
        if isImpossible {
            if case .list(let list)? = values["answers"], !list.isEmpty {
                throw .malformed(
                    file: file, line: line,
                    problem: "is_impossible is true, and answers has \(counted(list.count, "answer"))",
                    fix: "expected no answers, or is_impossible: false")
            }
            values["answers"] = .list([])
        }
        return values
    }

    /// SQuAD's answers under the names of `QuestionAnswering`; other values as they are, for its messages.
    private static func answers(_ value: JSONValue, file: String, line: Int) throws(TaskError) -> FieldValue {
        guard case .list(let items) = FieldValue(value) else { return FieldValue(value) }
        return .list(
            items.map { item in
                guard case .object(var members) = item else { return item }
                members["start"] = members.removeValue(forKey: "answer_start") ?? members["start"]
                return .object(members)
            })
    }

    // MARK: Walking

    private static func members(
        _ content: ArraySlice<UInt8>, file: String, line: Int,
        _ body: (_ key: String, _ value: ArraySlice<UInt8>, _ line: Int) throws(TaskError) -> Void
    ) throws(TaskError) {
        var elements = JSONElements(content, file: file, line: line)
        guard elements.current == UInt8(ascii: "{") else { throw elements.fault("an object") }
        var keys = Set<String>()
        try elements.open()
        while try elements.next(closing: UInt8(ascii: "}"), isFirst: keys.isEmpty) {
            let line = elements.line
            let key = try elements.key()
            guard keys.insert(key).inserted else {
                throw .malformed(
                    file: file, line: line, problem: "'\(shown(key))' appears twice", fix: "remove one of them")
            }
            try body(key, try elements.value(), line)
        }
        try elements.end()
    }

    private static func items(
        _ content: ArraySlice<UInt8>, file: String, line: Int, name: String,
        _ body: (_ index: Int, _ value: ArraySlice<UInt8>, _ path: String, _ line: Int) throws(TaskError) -> Void
    ) throws(TaskError) {
        var elements = JSONElements(content, file: file, line: line)
        guard elements.current == UInt8(ascii: "[") else { throw elements.fault("a list") }
        var index = 0
        try elements.open()
        while try elements.next(closing: UInt8(ascii: "]"), isFirst: index == 0) {
            let line = elements.line
            try body(index, try elements.value(), "\(name)[\(index)]", line)
            index += 1
        }
        try elements.end()
    }

    /// A value by the strict reader.
    private static func strict(
        _ content: ArraySlice<UInt8>, _ file: String, _ line: Int
    ) throws(TaskError) -> JSONValue {
        guard TextBytes.string(content) != nil else { throw .notUTF8(file: file, line: line) }
        do { return try JSONReader.read(Array(content)) } catch {
            throw .malformed(error, file: file, line: line, fix: "expected valid JSON")
        }
    }

    private static func missing(_ key: String, _ file: String, _ line: Int) -> TaskError {
        .malformed(
            file: file, line: line, problem: "no '\(key)'",
            fix: "expected articles with paragraphs, each with a context and qas")
    }
}
