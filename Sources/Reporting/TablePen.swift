/// Draws the lines of one table whose widths are settled.
struct TablePen {
    let widths: [Int]
    let style: TextTable.Style
    let terminal: Terminal

    func top() -> String {
        guard style == .box else { return "" }
        return terminal.unicode ? frame("┌", "─", "┬", "┐") : frame("+", "-", "+", "+")
    }

    func bottom() -> String {
        guard style == .box else { return "" }
        return terminal.unicode ? frame("└", "─", "┴", "┘") : frame("+", "-", "+", "+")
    }

    func middle(isHeading: Bool) -> String {
        if style == .box { return terminal.unicode ? frame("├", "─", "┼", "┤") : frame("+", "-", "+", "+") }
        let dash = terminal.unicode ? (isHeading ? "─" : "┄") : "-"
        let line = widths.map { String(repeating: dash, count: $0) }.joined(separator: "  ")
        return terminal.styled(line, .dim) + "\n"
    }

    /// One row, as many lines high as its highest cell.
    func row(_ cells: [[(String, Emphasis)]], _ columns: [TextTable.Column]) -> String {
        let height = cells.map(\.count).max() ?? 1
        let bar = terminal.styled(terminal.unicode ? "│" : "|", .dim)
        var text = ""
        for line in 0..<max(height, 1) {
            let parts = cells.enumerated().map { column, lines in
                let (content, emphasis) = lines.indices.contains(line) ? lines[line] : ("", .plain)
                return padded(content, emphasis, width: widths[column], columns[column].alignment)
            }
            var whole = parts.joined(separator: style == .box ? " \(bar) " : "  ")
            if style == .box {
                whole = "\(bar) \(whole) \(bar)"
            } else {
                while whole.last == " " { whole.removeLast() }
            }
            text += whole + "\n"
        }
        return text
    }

    private func padded(
        _ text: String, _ emphasis: Emphasis, width: Int, _ alignment: TextTable.Alignment
    ) -> String {
        let room = max(0, width - DisplayWidth.of(text))
        let before =
            switch alignment {
            case .leading: 0
            case .trailing: room
            case .centre: room / 2
            }
        return String(repeating: " ", count: before) + terminal.styled(text, emphasis)
            + String(repeating: " ", count: room - before)
    }

    private func frame(_ left: String, _ dash: String, _ cross: String, _ right: String) -> String {
        let line = widths.map { String(repeating: dash, count: $0 + 2) }.joined(separator: cross)
        return terminal.styled(left + line + right, .dim) + "\n"
    }
}
