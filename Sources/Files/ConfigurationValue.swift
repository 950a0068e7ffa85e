/// A value of a configuration, as JSON and YAML know it.
package enum ConfigurationValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case list([ConfigurationValue])
    case map([String: ConfigurationValue])

    package init(_ value: Int) { self = .number(Double(value)) }

    /// From a word on the command line: a number, true, false, null, a list or map in JSON, or text.
    package init(word: String) {
        if let first = word.first, first == "[" || first == "{", let value = ConfigurationValue(json: word) {
            self = value
            return
        }
        switch word.lowercased() {
        case "true": self = .bool(true)
        case "false": self = .bool(false)
        case "null", "none", "~": self = .null
        default: self = Double(word).map { .number($0) } ?? .string(word)
        }
    }

    /// Canonical JSON: keys sorted, whole numbers without a fraction, null for a number that is NaN or infinite.
    package var json: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let value): JSONText.number(value)
        case .string(let value): JSONText.quoted(value)
        case .list(let values): "[" + values.map(\.json).joined(separator: ",") + "]"
        case .map(let values):
            "{"
                + values.sorted { $0.key < $1.key }.map { JSONText.quoted($0.key) + ":" + $0.value.json }.joined(
                    separator: ",")
                + "}"
        }
    }

    /// Parses JSON text; nil where it is none, or an object in it has two members of one name.
    package init?(json: String) { self.init(json: Array(json.utf8)) }

    package init?(json: [UInt8]) {
        guard let value = try? JSONReader.read(json), value.memberTwice == nil else { return nil }
        self.init(value)
    }

    private init(_ json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .number(Double(value))
        case .number(let value): self = .number(value)
        case .string(let text): self = .string(text)
        case .array(let values): self = .list(values.map { ConfigurationValue($0) })
        case .object(let members):
            self = .map(Dictionary(members.map { ($0.key, ConfigurationValue($0.value)) }) { first, _ in first })
        }
    }
}
