import Testing

@testable import Tasks

@Suite struct ExampleTextsTests {
    /// Every text that a kind reads is among its examples' texts, so that a check of overlaps sees it: a kind with texts in
    /// its payload says so (`ExamplePayload.otherTexts`).
    @Test(arguments: TaskKinds.standard.names)
    func everyInput(_ name: String) throws {
        let kind = try #require(TaskKinds.standard[name])
        for form in kind.inputForms {
            for more in [nil, "context"] where more.map({ kind.optionalFields.contains($0) }) ?? true {
                let fields = form + [more].compactMap { $0 }
                var values: [String: FieldValue] = [:]
                for field in fields { values[field] = .string("the \(field)") }
                // A mention stands in its text
                if form.contains("mention") { values["text"] = .string("the text of the mention") }
                if form.contains("start") { (values["start"], values["end"]) = (.integer(0), .integer(3)) }
                let example = try example(kind, &values)
                for field in fields where !["start", "end"].contains(field) {
                    for word in ["the", field] {
                        #expect(example.texts.contains { $0.contains(word) }, "\(name): \(field): \(example.texts)")
                    }
                }
                #expect(!example.texts.contains(""), "\(name): \(example.texts)")
            }
        }
    }

    /// The example of a row; fields that are refused as texts become lists.
    private func example(_ kind: any TaskKind.Type, _ values: inout [String: FieldValue]) throws -> Example {
        for _ in 0...values.count {
            let result = result(kind, values)
            if let column = Self.column(of: result), case .string(let text)? = values[column] {
                values[column] = .list([.string(text), .string("other")])
            } else {
                return try result.get()
            }
        }
        return try result(kind, values).get()
    }

    private func result(_ kind: any TaskKind.Type, _ values: [String: FieldValue]) -> Result<Example, any Error> {
        let row = FieldRow(file: "t", row: Row(line: 1, values: values), columns: [:])
        let labels = LabelIndex([], source: .training(file: "t"))
        return Result { try kind.example(from: row, id: 0, labels: labels, needsTarget: false) }
    }

    /// The column of the wrong type.
    private static func column(of result: Result<Example, any Error>) -> String? {
        guard case .failure(let error) = result, case .wrongType(_, _, let column, _, _)? = error as? TaskError else {
            return nil
        }
        return column
    }

    /// Texts of words and of pairs are changed where the model reads them.
    @Test func changedTexts() throws {
        let pair = Example(id: 0, text: "a b", pair: "c", label: 1)
        let changed = try #require(pair.mapTexts { $0.uppercased() })
        #expect(changed.text == "A B" && changed.pair == "C" && changed.label == 1)
        let words = Example(id: 0, text: "a b", payload: TaggedTokens(tokens: ["a", "b"], tags: [0, 1]))
        let other = try #require(words.mapTexts { $0 + "x" })
        #expect(other.text == "ax bx" && other.tagged == TaggedTokens(tokens: ["ax", "bx"], tags: [0, 1]))
        let numbers = Example(id: 0, text: "a", payload: Numbers(values: [1]))
        #expect(numbers.mapTexts { $0 + "x" }?.text == "ax" && numbers.mapTexts { $0 }?.numbers == Numbers(values: [1]))
    }
}
