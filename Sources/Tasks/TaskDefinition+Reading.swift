import Yams

extension TaskDefinition {
    /// How its files are read, with what its kind says of them.
    var readingOptions: ReadingOptions {
        var options = reading
        options.rowsAreDocuments = TaskKinds.standard[kind]?.rowsAreDocuments ?? false
        return options
    }

    /// The keys that say how data files are to be read.
    static func readingOptions(_ root: YAMLMap, files: [Split: String]) throws(TaskError) -> ReadingOptions {
        var options = ReadingOptions()
        options.format = try format(root)
        if let text = try root.text("quoting") {
            guard let quoting = ReadingOptions.Quoting(rawValue: text) else {
                throw root.bad("quoting", found: "'\(shown(text))'", expected: "standard or none")
            }
            options.quoting = quoting
        }
        if let text = try root.text("delimiter") {
            guard let delimiter = ReadingOptions.delimiter(text) else {
                throw root.bad(
                    "delimiter", found: "'\(shown(text))'",
                    expected: "tab, or one ASCII character that is not a letter, digit or double quote")
            }
            options.delimiter = delimiter
        }
        if let text = try root.text("encoding") {
            guard let encoding = TextEncoding(name: text) else {
                throw root.bad(
                    "encoding", found: "'\(shown(text))'",
                    expected: "one of \(TextEncoding.names.joined(separator: ", "))")
            }
            options.encoding = encoding
        }
        options.header = try header(root)
        let isDelimited = files.values.contains { name in
            let reader = try? RowReaders.reader(for: name, format: options.format)
            return reader == CSVReader.self || reader == TSVReader.self
        }
        if options.isForDelimitedText, !isDelimited {
            let key = ["quoting", "delimiter", "header"].first { root.node($0) != nil } ?? "quoting"
            throw root.bad(key, found: "set", expected: "only .csv or .tsv files under data with this key")
        }
        return options
    }

    /// The format that all data files have, whatever their names.
    static func format(_ root: YAMLMap) throws(TaskError) -> String? {
        guard let text = try root.text("format") else { return nil }
        guard RowReaders.named(text) != nil else {
            throw root.bad(
                "format", found: "'\(shown(text))'", expected: "one of \(RowReaders.extensions.joined(separator: ", "))"
            )
        }
        return text
    }

    private static func header(_ root: YAMLMap) throws(TaskError) -> ReadingOptions.Header {
        guard let node = root.node("header") else { return .firstRow }
        let expected = "true, false, or a list of column names"
        if node.sequence != nil {
            let names = try root.texts("header") ?? []
            guard !names.isEmpty else { throw root.bad("header", found: "an empty list", expected: expected) }
            if let twice = firstDuplicate(names) {
                throw root.bad(
                    "header", found: "a list in which '\(shown(twice))' appears twice", expected: "different names")
            }
            return .names(names)
        }
        switch try root.text("header") {
        case "true"?: return .firstRow
        case "false"?: return .numbers
        case let text: throw root.bad("header", found: "'\(shown(text ?? ""))'", expected: expected)
        }
    }

    /// Writes the keys that differ from the defaults.
    func writeReading(to output: inout some TextOutputStream) {
        if let format = reading.format { output.write("format: \(format)\n") }
        if reading.quoting != .standard { output.write("quoting: \(reading.quoting.rawValue)\n") }
        if let delimiter = reading.delimiter {
            output.write("delimiter: \(delimiter == 0x09 ? "tab" : yamlScalar(String(Unicode.Scalar(delimiter))))\n")
        }
        if let encoding = reading.encoding { output.write("encoding: \(encoding.rawValue)\n") }
        switch reading.header {
        case .firstRow: break
        case .numbers: output.write("header: false\n")
        case .names(let names):
            output.write("header:\n")
            for name in names { output.write("  - \(yamlScalar(name))\n") }
        }
    }
}
