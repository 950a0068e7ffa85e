extension TaskDefinition {
    /// Writes the definition as YAML, keys in a fixed order: equal definitions give equal bytes, and `load` gives the
    /// definition back.
    package func write(to output: inout some TextOutputStream) {
        func line(_ key: String, _ value: String?) {
            if let value { output.write("\(key): \(yamlScalar(value))\n") }
        }
        line("name", name)
        line("kind", kind)
        line("description", description)
        line("language", language)
        line("license", license)
        output.write("data:\n")
        for split in Split.allCases { line("  " + split.rawValue, data[split]) }
        line("documents", documents)
        if !rows.isEmpty {
            output.write("rows:\n")
            for split in Split.allCases { line("  " + split.rawValue, rows[split].map { "\($0)" }) }
        }
        if !fields.isEmpty {
            output.write("fields:\n")
            for field in fields.keys.sorted() { line("  " + field, fields[field]) }
        }
        if !labelNumbers.isEmpty {
            output.write("labels:\n")
            for (number, name) in labelNumbers.sorted(by: { $0.key < $1.key }) {
                output.write("  \(number): \(yamlScalar(name))\n")
            }
        } else if let labels {
            output.write("labels:\n")
            for label in labels { output.write("  - \(yamlScalar(label))\n") }
        }
        line("metric", hasDefaultMetric ? nil : metric)
        writeReading(to: &output)
    }

    /// The YAML of `write(to:)`.
    package var yaml: String {
        var text = ""
        write(to: &text)
        return text
    }
}

/// A text as a YAML scalar: plain where no reader can take it for anything but text or digits, else double-quoted.
func yamlScalar(_ text: String) -> String {
    let first = text.utf8.first ?? 0
    let isWord = text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x5F || $0 == 0x2D || $0 == 0x2E || $0 == 0x2F }
    let isDigits = text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    let startsWithLetter = isAlphanumeric(first) && !(0x30...0x39).contains(first)
    if !text.isEmpty, isWord, isDigits || startsWithLetter, !reserved.contains(text.lowercased()) { return text }

    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar.value {
        case 0x22: result += "\\\""
        case 0x5C: result += "\\\\"
        case 0x0A: result += "\\n"
        case 0x09: result += "\\t"
        // Control characters, YAML's other line breaks, the byte order mark and what lies outside plain text.
        case 0..<0x20, 0x7F...0xA0, 0x2028, 0x2029, 0xD800...0xF8FF, 0xFEFF, 0xFFFE, 0xFFFF, 0x10000...:
            let hex = String(scalar.value, radix: 16, uppercase: true)
            result += "\\U" + String(repeating: "0", count: 8 - hex.count) + hex
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}

private let reserved: Set<String> = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"]

private func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
}
