/// Takes a record of delimited text apart.
enum DelimitedRecord {
    /// The cells, quotes removed.
    ///
    /// - Parameters:
    ///   - record: without its line end, as `RecordSplitter` has it
    ///   - quotes: whether a cell that starts with a quote is a quoted one; else quotes stand for themselves
    ///   - line: that the record starts in
    /// - Throws: `TaskError.malformed`
    static func cells(
        _ record: ArraySlice<UInt8>, delimiter: UInt8, quotes: Bool = true, file: String, line: Int
    ) throws(TaskError) -> [String] {
        let quote = UInt8(ascii: "\"")
        var cells: [String] = []
        var at = record.startIndex
        while true {
            var cell: [UInt8] = []
            if quotes, at < record.endIndex, record[at] == quote {
                let opened = at
                at += 1
                while true {
                    guard at < record.endIndex else {
                        throw .malformed(
                            file: file, line: line + breaks(in: record[..<opened]),
                            problem: "a quote opens here and never closes",
                            fix: "close it, double the quotes that are part of the text, or use --quoting none")
                    }
                    if record[at] == quote {
                        if at + 1 < record.endIndex, record[at + 1] == quote {
                            cell.append(quote)
                            at += 2
                            continue
                        }
                        at += 1
                        break
                    }
                    cell.append(record[at])
                    at += 1
                }
                // Blanks between a closing quote and the delimiter say nothing
                while at < record.endIndex, record[at] == 0x20 { at += 1 }
                guard at == record.endIndex || record[at] == delimiter else {
                    throw .malformed(
                        file: file, line: line + breaks(in: record[..<at]), problem: "text after a closing quote",
                        fix: "put the whole cell in quotes and double the quotes inside it, or use --quoting none")
                }
            } else {
                while at < record.endIndex, record[at] != delimiter {
                    cell.append(record[at])
                    at += 1
                }
            }
            cells.append(String(decoding: cell, as: UTF8.self))
            guard at < record.endIndex else { return cells }
            at += 1
        }
    }

    private static func breaks(in bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 + ($1 == 0x0A ? 1 : 0) } }
}
