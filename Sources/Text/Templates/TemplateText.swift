/// How values are written: as Python's `str` and `repr` do, and as its `json` module does.
enum TemplateText {
    /// Why a value is not written.
    enum Refusal: Error {
        /// It has no text of its own, or another form in Python.
        case other(String)
        /// The text would have more bytes than it may.
        case tooLong
    }

    /// `str(value)`
    /// - Parameter most: bytes of the text
    static func plain(_ value: TemplateValue, most: Int) throws(Refusal) -> String {
        switch value {
        case .undefined: return ""
        case .text(let text): return text
        default:
            var out = ""
            try write(value, most, to: &out)
            return out
        }
    }

    /// Appends `repr(value)`.
    private static func write(_ value: TemplateValue, _ most: Int, to out: inout String) throws(Refusal) {
        guard out.utf8.count <= most else { throw .tooLong }
        switch value {
        case .undefined: out += "Undefined"
        case .none: out += "None"
        case .bool(let value): out += value ? "True" : "False"
        case .integer(let value): out += String(value)
        case .number(let value): out += number(value)
        case .text(let text): quote(text, to: &out)
        case .list(let list):
            let isView = list.form != .list && list.form != .tuple
            if isView { out += list.form.rawValue + "(" }
            out += list.form == .tuple ? "(" : "["
            for (i, element) in list.elements.enumerated() {
                if i > 0 { out += ", " }
                try write(element, most, to: &out)
            }
            if list.form == .tuple, list.elements.count == 1 { out += "," }
            out += list.form == .tuple ? ")" : "]"
            if isView { out += ")" }
        case .map(let map):
            out += "{"
            for (i, entry) in map.entries.enumerated() {
                if i > 0 { out += ", " }
                try write(entry.key, most, to: &out)
                out += ": "
                try write(entry.value, most, to: &out)
            }
            out += "}"
        case .namespace, .macro, .function, .method, .loop:
            throw .other("writing \(value.kind) as text")
        }
    }

    /// The shortest digits that tell a number from its neighbors, as Python lays them out.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
        let sign = value.sign == .minus ? "-" : ""
        // Swift finds the same digits, but changes to exponents elsewhere
        let parts = "\(value.magnitude)".lowercased().split(separator: "e")
        let point = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let whole = String(point[0])
        let fraction = point.count > 1 ? String(point[1]) : ""
        var exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + whole.count
        var digits = Array(whole + fraction)
        while digits.first == "0", digits.count > 1 {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.last == "0", digits.count > 1 { digits.removeLast() }
        if digits == ["0"] { return sign + "0.0" }
        if exponent > 16 || exponent < -3 {
            let rest = digits.count > 1 ? "." + String(digits[1...]) : ""
            let power = abs(exponent - 1)
            return sign + String(digits[0]) + rest + (exponent - 1 < 0 ? "e-" : "e+")
                + (power < 10 ? "0" : "") + "\(power)"
        }
        if exponent <= 0 {
            return sign + "0." + String(repeating: "0", count: -exponent) + String(digits)
        }
        if digits.count <= exponent {
            return sign + String(digits) + String(repeating: "0", count: exponent - digits.count) + ".0"
        }
        return sign + String(digits[..<exponent]) + "." + String(digits[exponent...])
    }

    /// A text in Python's quotes.
    private static func quote(_ text: String, to out: inout String) {
        let scalars = text.unicodeScalars
        let quote: Unicode.Scalar = scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
        var made = String.UnicodeScalarView([quote])
        func hex(_ value: UInt32, _ count: Int) -> String {
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: max(0, count - digits.count)) + digits
        }
        for scalar in scalars {
            switch scalar {
            case quote, "\\": made.append(contentsOf: "\\\(scalar)".unicodeScalars)
            case "\n": made.append(contentsOf: "\\n".unicodeScalars)
            case "\r": made.append(contentsOf: "\\r".unicodeScalars)
            case "\t": made.append(contentsOf: "\\t".unicodeScalars)
            case _ where scalar.isASCII:
                if scalar.value < 0x20 || scalar.value == 0x7F {
                    made.append(contentsOf: ("\\x" + hex(scalar.value, 2)).unicodeScalars)
                } else {
                    made.append(scalar)
                }
            default:
                switch scalar.properties.generalCategory {
                case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
                    .paragraphSeparator,
                    .spaceSeparator:
                    let digits =
                        scalar.value < 0x100
                        ? "\\x" + hex(scalar.value, 2)
                        : scalar.value < 0x10000 ? "\\u" + hex(scalar.value, 4) : "\\U" + hex(scalar.value, 8)
                    made.append(contentsOf: digits.unicodeScalars)
                default: made.append(scalar)
                }
            }
        }
        made.append(quote)
        out.unicodeScalars.append(contentsOf: made)
    }

    // MARK: JSON

    /// `json.dumps`, without escapes for what is not ASCII unless asked for.
    struct JSON {
        /// Put before each level; nil: all on one line.
        var indent: String?
        var between = ", "
        var afterKey = ": "
        var sortsKeys = false
        var escapesOthers = false
        /// Bytes of the text.
        var most = Int.max

        func text(_ value: TemplateValue) throws(Refusal) -> String {
            var out = ""
            try write(value, level: 0, to: &out)
            return out
        }

        private func write(_ value: TemplateValue, level: Int, to out: inout String) throws(Refusal) {
            guard out.utf8.count <= most else { throw .tooLong }
            switch value {
            case .none: out += "null"
            case .bool(let value): out += value ? "true" : "false"
            case .integer(let value): out += String(value)
            case .number(let value):
                out +=
                    value.isFinite
                    ? TemplateText.number(value) : value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity"
            case .text(let text): quote(text, to: &out)
            case .list(let list) where list.form == .list || list.form == .tuple:
                try enclosed("[", "]", list.elements.count, level, to: &out) { (i, out) throws(Refusal) in
                    try write(list.elements[i], level: level + 1, to: &out)
                }
            case .map(let map):
                var entries: [(key: String, value: TemplateValue)] = []
                for entry in map.entries { entries.append((try key(entry.key), entry.value)) }
                if sortsKeys {
                    entries.sort { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }
                }
                try enclosed("{", "}", entries.count, level, to: &out) { (i, out) throws(Refusal) in
                    quote(entries[i].key, to: &out)
                    out += afterKey
                    try write(entries[i].value, level: level + 1, to: &out)
                }
            default: throw .other("writing \(value.kind) as JSON")
            }
        }

        private func enclosed(
            _ open: String, _ close: String, _ count: Int, _ level: Int, to out: inout String,
            _ body: (Int, inout String) throws(Refusal) -> Void
        ) throws(Refusal) {
            out += open
            func newLine(_ level: Int) {
                if let indent { out += "\n" + String(repeating: indent, count: level) }
            }
            for i in 0..<count {
                if i > 0 { out += between }
                newLine(level + 1)
                try body(i, &out)
            }
            if count > 0 { newLine(level) }
            out += close
        }

        private func key(_ value: TemplateValue) throws(Refusal) -> String {
            switch value {
            case .text(let text): return text
            case .none: return "null"
            case .bool(let value): return value ? "true" : "false"
            case .integer(let value): return String(value)
            case .number(let value): return TemplateText.number(value)
            default: throw .other("\(value.kind) as a key of JSON")
            }
        }

        private func quote(_ text: String, to out: inout String) {
            func code(_ value: UInt32) -> String {
                let digits = String(value, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
            out += "\""
            for scalar in text.unicodeScalars {
                switch scalar {
                case "\"": out += "\\\""
                case "\\": out += "\\\\"
                case "\n": out += "\\n"
                case "\r": out += "\\r"
                case "\t": out += "\\t"
                case "\u{8}": out += "\\b"
                case "\u{C}": out += "\\f"
                case _ where scalar.value < 0x20: out += code(scalar.value)
                case _ where escapesOthers && scalar.value > 0x7E:
                    if scalar.value < 0x10000 {
                        out += code(scalar.value)
                    } else {
                        let rest = scalar.value - 0x10000
                        out += code(0xD800 + rest >> 10) + code(0xDC00 + rest & 0x3FF)
                    }
                default: out.unicodeScalars.append(scalar)
                }
            }
            out += "\""
        }
    }
}
