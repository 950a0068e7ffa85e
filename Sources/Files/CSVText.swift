/// Comma-separated values as RFC 4180 has them.
package enum CSVText {
    /// A record without its line end. A cell with a comma, a quote or a line break is quoted.
    package static func row(_ cells: [String]) -> String {
        cells.map { cell in
            let needsQuotes = cell.utf8.contains { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }
            return needsQuotes ? "\"" + cell.replacing("\"", with: "\"\"") + "\"" : cell
        }.joined(separator: ",")
    }
}
