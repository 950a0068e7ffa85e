import Files

/// Debian's control files (deb822(5); Debian policy, chapter 5): `Field: value` a line, an empty line between paragraphs.
///
/// A paragraph is a row, and its fields are the columns. A line that begins with a space or a tab continues the value before it:
/// the value gets a line break and the line without that first character, and ` .` stands for an empty line. A line that begins
/// with `#` is a comment, also between the lines of a value. Values have no white space around them. Upper and lower case are
/// the same in names: a column has the spelling that the file has first.
package enum Deb822Reader: RowReader {
    package static let fileExtension = "deb822"

    package static func read(
        text: ArraySlice<UInt8>, file: String, limit: Int?, options: ReadingOptions
    ) throws(TaskError) -> RowTable {
        var table = RowTable()
        var names: [String: String] = [:]
        var lines = SentenceLines(text, file: file, separatesAtTabs: true)
        var paragraph: Paragraph?
        func close() {
            if let row = paragraph?.row { table.rows.append(row) }
            paragraph = nil
        }
        while table.rows.count < limit ?? Int.max, let line = try lines.next() {
            let first = line.text.utf8.first
            if line.cells.isEmpty {
                close()
                table.skippedLines += 1
            } else if first == UInt8(ascii: "#") {
                table.skippedLines += 1
            } else if first == 0x20 || first == 0x09 {
                guard paragraph != nil else {
                    throw .malformed(
                        file: file, line: line.number, problem: "a continuation line without a field before it",
                        fix: "begin the paragraph with 'Field: value', or remove the white space at the line's start")
                }
                paragraph?.goOn(line.text)
            } else {
                let (found, value) = try field(line, file)
                let folded = found.lowercased()
                let name = names[folded] ?? found
                if names.updateValue(name, forKey: folded) == nil { table.columns.append(name) }
                if paragraph == nil { paragraph = Paragraph(line: line.number) }
                if let other = paragraph?.begin(name, value, line: line.number) {
                    throw .malformed(
                        file: file, line: line.number,
                        problem: "field '\(shown(name))' appears twice in a paragraph, first in line \(other)",
                        fix: "remove one of them, or put an empty line between the paragraphs")
                }
            }
        }
        if table.rows.count < limit ?? Int.max { close() }
        return table
    }

    /// The name and the rest of a line that begins a field.
    private static func field(
        _ line: SentenceLines.Line, _ file: String
    ) throws(TaskError) -> (name: String, value: Substring.UTF8View) {
        let bytes = line.text.utf8
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else {
            throw .malformed(
                file: file, line: line.number, problem: "no colon in '\(shown(line.text))'",
                fix: "expected 'Field: value', or white space at the start of a line that continues a value")
        }
        let name = String(line.text[..<colon])
        // A name is of ASCII's characters from ! to ~, and does not begin with a hyphen
        guard let first = name.utf8.first, first != UInt8(ascii: "-"),
            name.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw .malformed(
                file: file, line: line.number, problem: "'\(shown(name))' before the colon is not a field's name",
                fix:
                    "expected a name in ASCII without spaces, or white space at the start of a line that continues a value"
            )
        }
        return (name, line.text[bytes.index(after: colon)...].utf8)
    }

    /// The fields of a paragraph as far as it is read.
    private struct Paragraph {
        /// Where it begins.
        let line: Int
        private var fields: [(name: String, line: Int, value: [UInt8])] = []
        private var places: [String: Int] = [:]

        init(line: Int) { self.line = line }

        /// - Returns: the line in which the field stands already, or nil
        mutating func begin(_ name: String, _ value: Substring.UTF8View, line: Int) -> Int? {
            if let place = places.updateValue(fields.count, forKey: name) { return fields[place].line }
            fields.append((name, line, Array(Self.trimmed(value[...]))))
            return nil
        }

        /// Adds a line to the value of the last field.
        mutating func goOn(_ text: String) {
            guard let last = fields.indices.last else { return }
            var rest = text.utf8.dropFirst()
            while let end = rest.last, Self.isBlank(end) { rest.removeLast() }
            if !fields[last].value.isEmpty { fields[last].value.append(0x0A) }
            if !rest.elementsEqual(".".utf8) { fields[last].value += rest }
        }

        var row: Row {
            var values: [String: FieldValue] = [:]
            for field in fields {
                values[field.name] = .string(String(decoding: Self.trimmed(field.value[...]), as: UTF8.self))
            }
            return Row(line: line, values: values)
        }

        private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

        private static func trimmed<Bytes: BidirectionalCollection<UInt8>>(_ bytes: Bytes) -> Bytes.SubSequence {
            var rest = bytes.drop { isBlank($0) }
            while let end = rest.last, isBlank(end) { rest = rest.dropLast() }
            return rest
        }
    }
}
