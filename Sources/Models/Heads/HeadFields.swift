import Files
import Numerics

/// The fields of a stored head, read one by one.
package struct HeadFields {
    private let fields: [String: ConfigurationValue]

    package init(_ fields: [String: ConfigurationValue]) { self.fields = fields }

    private func fault(_ field: String, _ expected: String) -> HeadFault {
        HeadFault(field: field, found: fields[field]?.json ?? "nothing", expected: expected)
    }

    package func pooling() throws(HeadFault) -> Pool.Kind {
        guard case .string(let word)? = fields["pooling"], let pooling = Pool.Kind(rawValue: word) else {
            throw fault("pooling", Pool.Kind.allCases.map(\.rawValue).joined(separator: " or "))
        }
        return pooling
    }

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
