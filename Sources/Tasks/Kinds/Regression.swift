import Foundation

/// A text or a pair of texts, and a number or a list of numbers.
package enum Regression: TaskKind {
    package static let name = "regression"
    package static let head = "regression"
    package static let inputs = ["text_a", "text_b"]
    package static let targets = ["score"]
    package static let forms = [["text_a", "text_b", "score"], ["text", "score"]]
    package static let metrics = [Pearson.name, Spearman.name, MeanSquaredError.name, MeanAbsoluteError.name]
    package static let baselines = Baselines(constant: MeanValue.self, classic: TFIDFRidge.self)
    package static let minimumLabels = 0

    package static func labels(in row: FieldRow) throws(TaskError) -> [String] { [] }

    package static func example(
        from row: FieldRow, id: Int, labels: LabelIndex, needsTarget: Bool
    ) throws(TaskError) -> Example {
        let isPair = row.value("text") == nil
        let text = try row.text(isPair ? "text_a" : "text")
        var example = Example(id: id, text: text, pair: isPair ? try row.text("text_b") : nil, line: row.line)
        if needsTarget || row.value("score") != nil {
            example.payload = Numbers(values: try values(in: row))
        }
        return example
    }

    private static func values(in row: FieldRow) throws(TaskError) -> [Double?] {
        let value = try row.required("score")
        guard case .list(let items) = value else { return [try number(value, in: row)] }
        var values: [Double?] = []
        for item in items { values.append(item == .null ? nil : try number(item, in: row)) }
        guard values.contains(where: { $0 != nil }) else {
            guard values.isEmpty else {
                throw .nullValue(file: row.file, line: row.line, field: "score", column: row.column("score"))
            }
            throw row.wrongType("score", found: "an empty list", expected: "a number or a list of numbers")
        }
        return values
    }

    /// Numbers beyond float32 are refused: heads compute in float32.
    private static func number(_ value: FieldValue, in row: FieldRow) throws(TaskError) -> Double {
        let expected = "a finite number, or a list of finite numbers"
        let number: Double
        switch value {
        case .integer(let integer): number = Double(integer)
        case .number(let real): number = real
        case .string(""): throw .emptyLabel(file: row.file, line: row.line, column: row.column("score"))
        case .string(let text):
            guard let real = Double(text.trimmingCharacters(in: .whitespaces)) else {
                throw row.wrongType("score", found: "'\(shown(text))'", expected: expected)
            }
            number = real
        default: throw row.wrongType("score", value, expected: expected)
        }
        guard Float(number).isFinite else { throw row.wrongType("score", found: "\(number)", expected: expected) }
        return number
    }
}

/// The numbers that a regression predicts.
package struct Numbers: ExamplePayload, Equatable {
    /// One value per output; nil where it is missing.
    package var values: [Double?]

    package init(values: [Double?]) { self.values = values }

    package var answers: Int? { values.count }

    package func mapTexts(_ change: (String) -> String) -> (any ExamplePayload)? { self }

    package var canonicalBytes: [UInt8] {
        var bytes: [UInt8] = []
        CanonicalData.append(values.count, to: &bytes)
        for value in values {
            bytes.append(value == nil ? 0 : 1)
            CanonicalData.append(value ?? 0, to: &bytes)
        }
        return bytes
    }
}

extension Example {
    /// The numbers of an example of a regression task.
    package var numbers: Numbers? { payload as? Numbers }
}
