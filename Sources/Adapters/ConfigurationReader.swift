import Files

/// The tree that configurations are made of; `Files` has it, since heads are stored in it too.
package typealias ConfigurationValue = Files.ConfigurationValue

/// A configuration's fields, read one by one; unknown fields are an error.
package struct ConfigurationReader {
    package let source: String
    private let fields: [String: ConfigurationValue]
    private let defaults: [String: ConfigurationValue]

    /// - Parameters:
    ///   - defaults: the method's own fields with their values; others are refused.
    /// - Throws: `AdapterError.unknownField`
    package init(
        _ fields: [String: ConfigurationValue], defaults: [String: ConfigurationValue], source: String
    ) throws(AdapterError) {
        for field in fields.keys.sorted() where defaults[field] == nil {
            throw .unknownField(source: source, field: field, known: defaults.keys.sorted())
        }
        self.source = source
        self.fields = fields
        self.defaults = defaults
    }

    package subscript(field: String) -> ConfigurationValue { fields[field] ?? defaults[field] ?? .null }

    /// All fields, with the defaults where nothing was said.
    package var resolved: [String: ConfigurationValue] { defaults.merging(fields) { $1 } }

    private func wrong(_ field: String, _ expected: String) -> AdapterError {
        .field(source: source, field: field, found: self[field].json, expected: expected)
    }

    package func bool(_ field: String) throws(AdapterError) -> Bool {
        guard case .bool(let value) = self[field] else { throw wrong(field, "true or false") }
        return value
    }

    package func number(_ field: String, above bound: Double) throws(AdapterError) -> Double {
        guard case .number(let value) = self[field], value > bound, value.isFinite else {
            throw wrong(field, "a number over \(bound)")
        }
        return value
    }

    package func integer(_ field: String, in range: ClosedRange<Int>) throws(AdapterError) -> Int {
        guard case .number(let value) = self[field], let integer = Int(exactly: value), range.contains(integer) else {
            throw wrong(field, "an integer in \(range.lowerBound)...\(range.upperBound)")
        }
        return integer
    }

    package func probability(_ field: String) throws(AdapterError) -> Float {
        guard case .number(let value) = self[field], value >= 0, Float(value) < 1 else {
            throw wrong(field, "a probability in 0..<1")
        }
        return Float(value)
    }

    /// One of a closed list of words.
    package func choice<Choice: RawRepresentable & CaseIterable>(_ field: String, as type: Choice.Type)
        throws(AdapterError) -> Choice where Choice.RawValue == String
    {
        guard case .string(let word) = self[field], let choice = Choice(rawValue: word.lowercased()) else {
            throw wrong(field, Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return choice
    }

    /// A text that is not empty.
    package func text(_ field: String) throws(AdapterError) -> String {
        guard case .string(let text) = self[field], text.contains(where: { !$0.isWhitespace }) else {
            throw wrong(field, "a text")
        }
        return text
    }

    /// A list of layer numbers.
    package func layers(_ field: String) throws(AdapterError) -> Set<Int> {
        guard case .list(let values) = self[field] else { throw wrong(field, "a list of layer numbers") }
        var layers: Set<Int> = []
        for value in values {
            guard case .number(let number) = value, let layer = Int(exactly: number), layer >= 0 else {
                throw wrong(field, "a list of layer numbers")
            }
            layers.insert(layer)
        }
        return layers
    }

    /// Fields that the file may carry but that must have this one value: other values are not built.
    package func require(_ field: String, _ value: ConfigurationValue) throws(AdapterError) {
        guard self[field] == value else { throw wrong(field, "\(value.json); other values are not supported") }
    }
}
