import Files

/// A question about a context; the answer is a part of the context, or there is none (extractive question answering).
///
/// `answers` is a list of `{"text": …, "start": …}`, the start in Unicode code points of the context. Several answers are
/// alternatives; an empty list says that the context has no answer. An example's text is the question, its pair the context.
package enum QuestionAnswering: TaskKind {
    package static let name = "question-answering"
    package static let head = "span"
    package static let inputs = ["context", "question"]
    package static let targets = ["answers"]
    package static let metrics = [AnswerF1.name, ExactMatch.name]
    package static let baselines = Baselines(constant: ConstantAnswer.self, classic: SentenceOverlap.self)
    package static let minimumLabels = 0
    /// As transformers' scripts: longer contexts are read in windows.
    package static let maxLength = 384

    private static let expected =
        "a list such as [{\"text\": \"Paris\", \"start\": 10}], or [] where the context has no answer"

    package static func labels(in row: FieldRow) throws(TaskError) -> [String] { [] }

    package static func example(
        from row: FieldRow, id: Int, labels: LabelIndex, needsTarget: Bool
    ) throws(TaskError) -> Example {
        let context = try row.text("context")
        let question = try row.text("question")
        var payload = AnswerSpans()
        if needsTarget || row.value("answers") != nil { payload.spans = try spans(in: row, context: context) }
        return Example(id: id, text: question, pair: context, line: row.line, payload: payload)
    }

    private static func spans(in row: FieldRow, context: String) throws(TaskError) -> [AnswerSpans.Span] {
        var items: [FieldValue]
        switch try row.required("answers") {
        case .list(let list): items = list
        case .string(""): throw .emptyLabel(file: row.file, line: row.line, column: row.column("answers"))
        case .string(let text):
            guard let list = WordList.list(text) else {
                throw row.wrongType("answers", found: "'\(shown(text))'", expected: expected)
            }
            items = list
        case let other: throw row.wrongType("answers", other, expected: expected)
        }
        if items.isEmpty { return [] }
        let scalars = Array(context.unicodeScalars)
        var spans: [AnswerSpans.Span] = []
        for item in items { spans.append(try span(item, in: row, context: scalars)) }
        return spans
    }

    private static func span(
        _ value: FieldValue, in row: FieldRow, context: [Unicode.Scalar]
    ) throws(TaskError) -> AnswerSpans.Span {
        guard case .object(let members) = value else {
            throw row.wrongType("answers", found: "a list with \(value.typeName)", expected: expected)
        }
        func wrong(_ key: String, _ value: FieldValue?, _ expected: String) -> TaskError {
            row.wrongType(
                "answers",
                found: value.map { "a list with \($0.typeName) under '\(key)'" } ?? "a list without '\(key)'",
                expected: expected)
        }
        guard case .string(let text)? = members["text"] else { throw wrong("text", members["text"], expected) }
        guard case .integer(let start)? = members["start"] else { throw wrong("start", members["start"], expected) }
        guard !text.isEmpty else {
            throw row.wrongType(
                "answers", found: "a list with an empty text", expected: "[] where the context has no answer")
        }
        let answer = Array(text.unicodeScalars)
        if start >= 0, start <= context.count, context[start...].starts(with: answer) {
            return AnswerSpans.Span(text: text, start: start)
        }
        let isInside = context.indices.contains(start)
        throw .misplacedAnswer(
            file: row.file, line: row.line, column: row.column("answers"), text: text, start: start,
            found: isInside ? string(context[start...].prefix(answer.count)) : nil, length: context.count,
            place: nearest(answer, in: context, to: start))
    }

    private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars)
        return text
    }

    /// Where an answer stands nearest to the place that its row gives; nil: nowhere.
    private static func nearest(_ answer: [Unicode.Scalar], in context: [Unicode.Scalar], to start: Int) -> Int? {
        guard answer.count <= context.count else { return nil }
        let target = min(max(start, 0), context.count)
        return (0...(context.count - answer.count)).filter { context[$0] == answer[0] }
            .filter { context[$0...].starts(with: answer) }
            .min { (abs($0 - target), $0) < (abs($1 - target), $1) }
    }
}

/// Where the answers to an example's question stand in its context.
package struct AnswerSpans: ExamplePayload, Equatable {
    package struct Span: Equatable, Sendable {
        package var text: String
        /// In Unicode scalars of the context.
        package var start: Int

        package init(text: String, start: Int) {
            self.text = text
            self.start = start
        }

        /// The scalars of the context that the answer takes.
        package var range: Range<Int> { start..<start + text.unicodeScalars.count }
    }

    /// Alternatives; empty: the context has no answer; nil: the row does not say.
    package var spans: [Span]?

    package init(spans: [Span]? = nil) { self.spans = spans }

    package var isScored: Bool { spans != nil }
    package var hasKnownAnswer: Bool { spans != nil }

    package var canonicalBytes: [UInt8] {
        var bytes: [UInt8] = []
        CanonicalData.append(spans?.count ?? -1, to: &bytes)
        for span in spans ?? [] {
            CanonicalData.append(span.start, to: &bytes)
            CanonicalData.append(span.text, to: &bytes)
        }
        return bytes
    }
}

extension Example {
    /// The answers of an example of a task with questions.
    package var answerSpans: AnswerSpans? { payload as? AnswerSpans }
}
