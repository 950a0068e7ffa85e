/// JSON's words for strings and numbers: the one place that all JSON of ours is written through.
package enum JSONText {
    /// A quoted string.
    package static func quoted(_ text: String) -> String {
        var text = text
        // Most strings have nothing to escape
        let isPlain = text.withUTF8 { bytes in
            bytes.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        }
        if isPlain { return "\"" + text + "\"" }
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case "\r": out += "\\r"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    /// A list of strings; nil is null.
    package static func list(_ texts: [String?]) -> String {
        "[\(texts.map { $0.map(quoted) ?? "null" }.joined(separator: ","))]"
    }

    /// A number: whole ones without a fraction, and null for NaN and infinity, for which JSON has no word.
    package static func number(_ value: Double) -> String {
        guard value.isFinite else { return "null" }
        return Int(exactly: value).map(String.init) ?? "\(value)"
    }

    /// The same for a float, with as few digits as tell it from its neighbors.
    package static func number(_ value: Float) -> String {
        guard value.isFinite else { return "null" }
        return Int(exactly: value).map(String.init) ?? "\(value)"
    }
}

extension JSONValue {
    /// The value as JSON on one line, members in their order.
    package var json: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .number(let value): JSONText.number(value)
        case .string(let text): JSONText.quoted(text)
        case .array(let values): "[" + values.map(\.json).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { JSONText.quoted($0.key) + ":" + $0.value.json }.joined(separator: ",") + "}"
        }
    }
}
