import Files
import Foundation

/// A distribution over a task's labels in place of one label (soft targets), such as the shares of annotators or what a teacher
/// predicts.
///
/// In a file: an object of labels with probabilities, where labels that are not named have 0; or a list in the order of the
/// task's `labels`. CSV and TSV have the same as JSON text. The sum is 1 within `tolerance`, and then made exactly 1.
enum LabelProbabilities {
    static let field = "label_probabilities"
    static let tolerance = 1e-3
    private static let expected =
        "an object with a probability for each label, such as {\"yes\": 0.7, \"no\": 0.3}, or a list in the order of labels"

    /// The row's probabilities in the order of the file; nil if the row has none, an empty cell, or null.
    /// - Throws: `TaskError.wrongType` for other values, and for numbers that are no distribution
    private static func read(_ row: FieldRow) throws(TaskError) -> (labels: [String]?, probabilities: [Double])? {
        guard var value = row.value(field), value != .string("") else { return nil }
        if case .string(let text) = value {
            guard let parsed = try? JSONReader.read(Array(text.utf8)) else {
                throw row.wrongType(field, found: "'\(shown(text))'", expected: expected)
            }
            value = FieldValue(parsed)
        }
        let (labels, values): ([String]?, [FieldValue]) =
            switch value {
            case .list(let items): (nil, items)
            case .object(let members): (members.keys.sorted(), members.keys.sorted().compactMap { members[$0] })
            default: throw row.wrongType(field, value, expected: expected)
            }
        var probabilities: [Double] = []
        for value in values {
            let number: Double? =
                switch value {
                case .integer(let integer): Double(integer)
                case .number(let number): number
                default: nil
                }
            guard let number, number >= 0, number <= 1 + tolerance else {
                throw row.wrongType(
                    field, found: number.map { "a probability of \($0)" } ?? "a probability that is \(value.typeName)",
                    expected: "probabilities from 0 to 1")
            }
            probabilities.append(number)
        }
        let sum = probabilities.reduce(0, +)
        guard abs(sum - 1) <= tolerance else {
            throw row.wrongType(
                field, found: "probabilities with the sum \(String(format: "%.6g", sum))",
                expected: "a sum of 1 (within \(tolerance)); divide each by the sum")
        }
        guard row.value("label") == nil || row.value("label") == .string("") else {
            throw row.wrongType(
                field, found: "given together with '\(row.column("label"))'",
                expected: "one of the two; remove the other, or set it to null")
        }
        return (labels, probabilities.map { $0 / sum })
    }

    /// The labels that a row of a kind with classes names, for the list that is made from the training split.
    static func names(in row: FieldRow) throws(TaskError) -> [String] {
        guard let distribution = try read(row) else { return [try row.label("label")] }
        return distribution.labels ?? []
    }

    /// Sets an example's distribution, and as its class the most probable one, of equal ones the first.
    /// - Returns: false: the row has no probabilities
    static func set(
        of example: inout Example, from row: FieldRow, labels: LabelIndex
    ) throws(TaskError) -> Bool {
        guard let (named, probabilities) = try read(row) else { return false }
        let names: [String] = if let named { named } else { try order(probabilities.count, labels, row) }
        var distribution = [Double](repeating: 0, count: labels.names.count)
        var unknown: (name: String, probability: Double)?
        var known = 0.0
        for (name, probability) in zip(names, probabilities) {
            if let index = try labels.find(name, in: row) {
                distribution[index] += probability
                known += probability
            } else if probability > unknown?.probability ?? 0 {
                unknown = (labels.name(of: name), probability)
            }
        }
        let best = distribution.max() ?? 0
        if let unknown, unknown.probability > best {
            example.unknownLabel = unknown.name
        } else {
            example.label = distribution.firstIndex(of: best)
            example.labelProbabilities = distribution.map { Float($0 / known) }
        }
        return true
    }

    /// The labels that a list's places stand for.
    private static func order(_ count: Int, _ labels: LabelIndex, _ row: FieldRow) throws(TaskError) -> [String] {
        guard let order = labels.listed else {
            throw row.wrongType(
                field, found: "a list, and the task lists no labels",
                expected: "an object such as {\"yes\": 0.7, \"no\": 0.3}, or labels in a task YAML")
        }
        guard order.count == count else {
            throw row.wrongType(
                field, found: "a list of \(counted(count, "number"))",
                expected: "\(order.count), one for each of the task's labels")
        }
        return order
    }
}

extension FieldRow {
    /// How much the row counts in training: a number of 0 or more; 1 if the row has none, an empty cell, or null.
    func weight() throws(TaskError) -> Double {
        let field = TaskDefinition.weightField
        let number: Double?
        switch value(field) {
        case nil, .string("")?: return 1
        case .integer(let integer)?: number = Double(integer)
        case .number(let real)?: number = real
        case .string(let text)?: number = Double(text.trimmingCharacters(in: .whitespaces))
        default: number = nil
        }
        guard let number, number >= 0, Float(number).isFinite else {
            let found: String =
                switch value(field) {
                case .string(let text)?: "'\(shown(text))'"
                case let other?: number.map { "\($0)" } ?? other.typeName
                case nil: "missing"
                }
            throw wrongType(
                field, found: found,
                expected: "a number of 0 or more, the row's weight in training; if the column has another meaning, set "
                    + "fields: {weight: none} in a task YAML")
        }
        return number
    }
}
