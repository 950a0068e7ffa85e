import Adapters

/// A value of a configuration, as JSON and YAML have it. Literals make one:
/// `["rank": 16, "targets": ["query", "value"], "rslora": true]`.
public enum SettingValue: Sendable, Equatable {
    /// Nothing.
    case null
    /// True or false.
    case bool(Bool)
    /// A number.
    case number(Double)
    /// A text.
    case string(String)
    /// A list of values.
    case list([SettingValue])
    /// Values by name.
    case map([String: SettingValue])

    /// A whole number.
    public init(_ number: Int) { self = .number(Double(number)) }

    /// Parses JSON.
    /// - Parameter json: One value; an object must not have two members of one name.
    public init?(json: String) {
        guard let value = ConfigurationValue(json: json) else { return nil }
        self.init(value)
    }

    /// A value as a person writes it in a command: a number, true, false, null, a list or map in JSON, or text.
    public init(word: String) { self.init(ConfigurationValue(word: word)) }

    init(_ value: ConfigurationValue) {
        self =
            switch value {
            case .null: .null
            case .bool(let value): .bool(value)
            case .number(let value): .number(value)
            case .string(let value): .string(value)
            case .list(let values): .list(values.map { SettingValue($0) })
            case .map(let values): .map(values.mapValues { SettingValue($0) })
            }
    }

    var stored: ConfigurationValue {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .number(let value): .number(value)
        case .string(let value): .string(value)
        case .list(let values): .list(values.map(\.stored))
        case .map(let values): .map(values.mapValues(\.stored))
        }
    }

    /// Canonical JSON: keys sorted, whole numbers without a fraction, null for a number that is NaN or infinite.
    public var json: String { stored.json }

    /// The number; nil for another value.
    public var number: Double? { if case .number(let value) = self { value } else { nil } }

    /// The text; nil for another value.
    public var text: String? { if case .string(let value) = self { value } else { nil } }

    /// The value of a key; nil if this is no map or has no such key.
    public subscript(key: String) -> SettingValue? { if case .map(let values) = self { values[key] } else { nil } }
}

extension SettingValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A whole number.
    public init(integerLiteral value: Int) { self = .number(Double(value)) }
    /// A number.
    public init(floatLiteral value: Double) { self = .number(value) }
    /// A text.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A list.
    public init(arrayLiteral elements: SettingValue...) { self = .list(elements) }
    /// Values by name; of two with one name the last counts.
    public init(dictionaryLiteral elements: (String, SettingValue)...) {
        self = .map(Dictionary(elements) { $1 })
    }
    /// Nothing.
    public init(nilLiteral: ()) { self = .null }
}

extension SettingValue: Codable {
    /// Reads any value that JSON can have.
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .bool(flag)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .string(text)
        } else if let values = try? value.decode([SettingValue].self) {
            self = .list(values)
        } else {
            self = .map(try value.decode([String: SettingValue].self))
        }
    }

    /// Writes the value; a number that is NaN or infinite as null, as ``json`` does.
    public func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .null: try value.encodeNil()
        case .bool(let flag): try value.encode(flag)
        case .number(let number):
            if let whole = Int(exactly: number) {
                try value.encode(whole)
            } else if number.isFinite {
                try value.encode(number)
            } else {
                try value.encodeNil()
            }
        case .string(let text): try value.encode(text)
        case .list(let values): try value.encode(values)
        case .map(let values): try value.encode(values)
        }
    }
}
