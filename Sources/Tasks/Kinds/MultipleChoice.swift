import Files

/// A question with choices, one of which is right; with a text to read (`context`) or without.
///
/// The choices are a list (`choices`), or columns of their own (`choice_1`, `choice_2`, …, of which those after the second
/// may be missing or empty). Their number may differ from row to row. `asks` stands after the question, as COPA's "cause" or
/// "effect" does.
package enum MultipleChoice: TaskKind {
    package static let name = "multiple-choice"
    package static let head = "multiple_choice"
    package static let inputs = ["question", "choices"]
    package static let targets = ["answer"]
    package static let forms = [
        ["question", "choices", "answer"], ["question", "choice_1", "choice_2", "answer"],
    ]
    /// Columns of choices that a row may have.
    static let mostColumns = 10
    package static let optionalFields =
        ["context", "asks"] + (3...mostColumns).map { "choice_\($0)" } + [TaskDefinition.weightField]
    package static let metrics = [Accuracy.name]
    package static let baselines = Baselines(constant: FrequentPosition.self, classic: TFIDFChoice.self)
    package static let minimumLabels = 0

    package static func labels(in row: FieldRow) throws(TaskError) -> [String] { [] }

    package static func example(
        from row: FieldRow, id: Int, labels: LabelIndex, needsTarget: Bool
    ) throws(TaskError) -> Example {
        var question = try row.text("question")
        if let asks = try row.optionalText("asks") { question += " " + asks }
        var payload = Choices(
            question: question, context: try row.optionalText("context"), choices: try choices(in: row))
        if needsTarget || row.value("answer") != nil {
            payload.answer = try ChoiceAnswer.position(in: row, choices: payload.choices)
        }
        return Example(id: id, text: question, line: row.line, payload: payload)
    }

    private static func choices(in row: FieldRow) throws(TaskError) -> [String] {
        let expected = "a list of two or more strings"
        let isList = row.value("choices") != nil || row.value("choice_1") == nil
        guard isList else { return try columns(in: row) }
        var value = try row.required("choices")
        // CSV and TSV have no lists. White space does not separate choices, as it does words
        if case .string(let text) = value {
            guard let list = WordList.list(text) else {
                throw row.wrongType(
                    "choices", found: "'\(shown(text))'",
                    expected: "\(expected), in a table as JSON, or a column for each choice (choice_1, choice_2)")
            }
            value = .list(list)
        }
        guard case .list(let items) = value else { throw row.wrongType("choices", value, expected: expected) }
        let texts = items.compactMap { if case .string(let text) = $0 { text } else { nil } }
        guard texts.count == items.count else {
            throw row.wrongType("choices", found: WordList.found(value), expected: expected)
        }
        guard texts.count >= 2 else {
            throw row.wrongType("choices", found: "a list of \(counted(texts.count, "string"))", expected: expected)
        }
        return texts
    }

    /// Choices in columns, up to the first that is missing or empty.
    private static func columns(in row: FieldRow) throws(TaskError) -> [String] {
        var texts = [try row.text("choice_1"), try row.text("choice_2")]
        var end: String?
        for place in 3...mostColumns {
            let field = "choice_\(place)"
            guard let text = try row.optionalText(field) else {
                end = end ?? field
                continue
            }
            if let end {
                throw row.wrongType(
                    field, found: "'\(shown(text))' after '\(row.column(end))', which is missing or empty",
                    expected: "choices without a gap")
            }
            texts.append(text)
        }
        return texts
    }
}

/// The right choice of a row: its position from 0, its letter (A is the first), or its text.
enum ChoiceAnswer {
    /// A number is always a position. A text may be a position (in CSV everything is text), a letter or the text of a choice; if
    /// these mean different choices, the row is refused.
    static func position(in row: FieldRow, choices: [String]) throws(TaskError) -> Int {
        let field = "answer"
        let last = choices.count - 1
        let expected =
            "a position from 0 to \(last), a letter from A to \(letters[min(last, letters.count - 1)]), or the text of one choice"
        switch try row.required(field) {
        case .integer(-1), .string("-1"):
            throw .hiddenAnswer(file: row.file, line: row.line, column: row.column(field))
        case .integer(let position):
            guard choices.indices.contains(position) else {
                throw row.wrongType(field, found: "\(position)", expected: expected)
            }
            return position
        case .string(""):
            throw .emptyLabel(file: row.file, line: row.line, column: row.column(field))
        case .string(let text):
            let meanings = meanings(text, choices)
            guard let position = meanings.first else {
                throw row.wrongType(field, found: "'\(shown(text))'", expected: expected)
            }
            guard meanings.count == 1 else {
                throw row.wrongType(
                    field,
                    found:
                        "'\(shown(text))', which could be choice \(meanings[0]) or choice \(meanings[1]) (counted from 0)",
                    expected: "one meaning; in JSON, write the position as a number")
            }
            return position
        case let other: throw row.wrongType(field, other, expected: expected)
        }
    }

    /// The choices that a text can mean, ascending.
    private static func meanings(_ text: String, _ choices: [String]) -> [Int] {
        choices.indices.filter { i in
            text == String(i) || i < letters.count && text == letters[i] || text == choices[i]
        }
    }

    /// Choices after the 26th have none.
    private static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".map { String($0) }
}

/// A question with its choices.
package struct Choices: ExamplePayload, Equatable {
    /// With what it asks for (`asks`).
    package var question: String
    package var context: String?
    package var choices: [String]
    /// The position of the right choice, from 0; nil if it is not known.
    package var answer: Int?

    package init(question: String, context: String? = nil, choices: [String], answer: Int? = nil) {
        self.question = question
        self.context = context
        self.choices = choices
        self.answer = answer
    }

    package var isScored: Bool { answer != nil }
    package var hasKnownAnswer: Bool { answer != nil }

    package var ownText: String? { question }

    package var otherTexts: [String] { [context].compactMap { $0 } + choices }

    package func mapTexts(_ change: (String) -> String) -> (any ExamplePayload)? {
        Choices(
            question: change(question), context: context.map(change), choices: choices.map(change), answer: answer)
    }

    package var choiceCount: Int { choices.count }

    package func reorderingChoices(_ order: [Int]) -> (any ExamplePayload)? {
        Choices(
            question: question, context: context, choices: order.map { choices[$0] },
            answer: answer.flatMap { order.firstIndex(of: $0) })
    }

    /// What an encoder reads: for each choice the question and the choice, or the context and the question with the choice, as
    /// `transformers` encodes SWAG and RACE.
    package var sequences: [(text: String, pair: String)] {
        choices.map { choice in context.map { ($0, question + " " + choice) } ?? (question, choice) }
    }

    package var canonicalBytes: [UInt8] {
        var bytes: [UInt8] = []
        CanonicalData.append(choices.count, to: &bytes)
        for choice in choices { CanonicalData.append(choice, to: &bytes) }
        CanonicalData.append(context, to: &bytes)
        CanonicalData.append(answer ?? -1, to: &bytes)
        return bytes
    }
}

extension Example {
    /// The choices of an example of a multiple-choice task.
    package var choices: Choices? { payload as? Choices }
}

extension FieldRow {
    /// A text, or nil if the row has none, an empty cell, or null.
    /// - Throws: `TaskError.wrongType`
    func optionalText(_ field: String) throws(TaskError) -> String? {
        guard let value = value(field), value != .string("") else { return nil }
        guard case .string(let text) = value else { throw wrongType(field, value, expected: "a string") }
        return text
    }
}
