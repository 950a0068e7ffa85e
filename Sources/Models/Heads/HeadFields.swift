import Files
import Numerics

/// The fields of a stored head, read one by one.
package struct HeadFields {
    private let fields: [String: ConfigurationValue]

    package init(_ fields: [String: ConfigurationValue]) { self.fields = fields }

    private func fault(_ field: String, _ expected: String) -> HeadFault {
        HeadFault(field: field, found: fields[field]?.json ?? "nothing", expected: expected)
    }

    package func pooling() throws(HeadFault) -> Pool.Kind { try choice("pooling", Pool.Kind.self) }

    /// Empty where nothing is said.
    package func textPrefix() throws(HeadFault) -> String {
        guard let value = fields["text_prefix"] else { return "" }
        guard case .string(let prefix) = value else { throw fault("text_prefix", "text") }
        return prefix
    }

    package func integer(_ field: String, in range: ClosedRange<Int>) throws(HeadFault) -> Int {
        guard case .number(let number)? = fields[field], let integer = Int(exactly: number), range.contains(integer)
        else { throw fault(field, "an integer from \(range.lowerBound) to \(range.upperBound)") }
        return integer
    }

    /// nil where nothing is said.
    package func optionalInteger(_ field: String, in range: ClosedRange<Int>) throws(HeadFault) -> Int? {
        fields[field] == nil ? nil : try integer(field, in: range)
    }

    package func flag(_ field: String) throws(HeadFault) -> Bool {
        guard case .bool(let flag)? = fields[field] else { throw fault(field, "true or false") }
        return flag
    }

    package func text(_ field: String) throws(HeadFault) -> String {
        guard case .string(let text)? = fields[field] else { throw fault(field, "text") }
        return text
    }

    package func choice<Choice: RawRepresentable & CaseIterable>(
        _ field: String, _ type: Choice.Type
    ) throws(HeadFault) -> Choice where Choice.RawValue == String {
        guard case .string(let word)? = fields[field], let choice = Choice(rawValue: word) else {
            throw fault(field, Choice.allCases.map(\.rawValue).joined(separator: " or "))
        }
        return choice
    }

    package func number(_ field: String, above bound: Float) throws(HeadFault) -> Float {
        guard let number = try optionalNumber(field), number > bound else {
            throw fault(field, "a finite number over \(bound)")
        }
        return number
    }

    /// Two finite numbers, the first below the second.
    package func range(_ low: String, _ high: String) throws(HeadFault) -> ClosedRange<Float> {
        guard let lower = try optionalNumber(low) else { throw fault(low, "a finite number") }
        guard let upper = try optionalNumber(high), upper > lower else {
            throw fault(high, "a finite number over \(lower)")
        }
        return lower...upper
    }

    /// A finite number; nil where nothing is said.
    package func optionalNumber(_ field: String) throws(HeadFault) -> Float? {
        guard let value = fields[field] else { return nil }
        guard case .number(let number) = value, Float(number).isFinite else { throw fault(field, "a finite number") }
        return Float(number)
    }

    /// At least one; finite, deviations over 0.
    package func numbers() throws(HeadFault) -> [NumberScale] {
        func list(_ field: String) throws(HeadFault) -> [Float] {
            guard case .list(let values)? = fields[field], (1...4096).contains(values.count) else {
                throw fault(field, "a list of 1 to 4096 numbers")
            }
            var numbers: [Float] = []
            for value in values {
                guard case .number(let number) = value, Float(number).isFinite else {
                    throw fault(field, "finite numbers")
                }
                numbers.append(Float(number))
            }
            return numbers
        }
        let (means, deviations) = (try list("means"), try list("deviations"))
        guard means.count == deviations.count, deviations.allSatisfy({ $0 > 0 }) else {
            throw fault("deviations", "\(means.count) numbers over 0")
        }
        return zip(means, deviations).map { NumberScale(mean: $0, deviation: $1) }
    }

    /// Probabilities in 0...1, one for each label.
    /// - Parameter count: of the labels
    package func thresholds(_ count: Int) throws(HeadFault) -> [Float] {
        guard case .list(let values)? = fields["thresholds"], values.count == count else {
            throw fault("thresholds", "a list of \(counted(count, "number")), one for each label")
        }
        var thresholds: [Float] = []
        for value in values {
            guard case .number(let number) = value, (0...1).contains(number) else {
                throw fault("thresholds", "numbers from 0 to 1")
            }
            thresholds.append(Float(number))
        }
        return thresholds
    }

    /// The labels of a head that says classes.
    package static func require(_ labels: [String]) throws(HeadFault) -> [String] {
        guard !labels.isEmpty else { throw HeadFault(field: "labels", found: "nothing", expected: "a list of labels") }
        return labels
    }
}
