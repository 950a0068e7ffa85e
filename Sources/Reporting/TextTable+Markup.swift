extension TextTable {
    /// The table in Markdown (GitHub's flavour), padded so that its source reads as a table too.
    package func markdown() -> String {
        guard !columns.isEmpty else { return "" }
        let headings = columns.map { Markup.markdown($0.title) }
        let body = rows.indices.map { row in columns.indices.map { markdown(cell(row, $0)) } }
        let widths = columns.indices.map { column in
            max(3, ([headings] + body).map { DisplayWidth.of($0[column]) }.max() ?? 0)
        }
        func line(_ cells: [String]) -> String {
            let padded = cells.enumerated().map { column, text in
                let room = String(repeating: " ", count: max(0, widths[column] - DisplayWidth.of(text)))
                return columns[column].alignment == .trailing ? room + text : text + room
            }
            return "| " + padded.joined(separator: " | ") + " |\n"
        }
        let rule = columns.enumerated().map { column, heading in
            let dashes = String(repeating: "-", count: widths[column] - 1)
            return switch heading.alignment {
            case .leading: dashes + "-"
            case .trailing: dashes + ":"
            case .centre: ":" + dashes.dropLast() + ":"
            }
        }
        return line(headings) + line(rule) + body.map(line).joined()
    }

    /// The table in HTML, in a box that scrolls sideways by itself where the page is narrow.
    /// - Parameter caption: what it shows, in words; empty for none
    func html(caption: String) -> String {
        var text = "<div class=\"scroll\" tabindex=\"0\"><table>\n"
        if !caption.isEmpty { text += "<caption>\(Markup.escapedLines(caption))</caption>\n" }
        text += "<thead><tr>"
        for column in columns {
            text += "<th scope=\"col\"\(mark(column.alignment))>\(Markup.escapedLines(column.title))</th>"
        }
        text += "</tr></thead>\n<tbody>\n"
        for row in rows.indices {
            text += rules.contains(row) && row > 0 ? "<tr class=\"rule\">" : "<tr>"
            for (index, column) in columns.enumerated() {
                let content = html(cell(row, index))
                text +=
                    index == 0
                    ? "<th scope=\"row\"\(mark(column.alignment))>\(content)</th>"
                    : "<td\(mark(column.alignment))>\(content)</td>"
            }
            text += "</tr>\n"
        }
        return text + "</tbody></table></div>\n"
    }

    private func markdown(_ cell: Cell) -> String {
        let main = Markup.markdown(cell.text)
        let strong = cell.emphasis == .strong && !main.isEmpty ? "**\(main)**" : main
        let parts = [strong, Markup.markdown(cell.detail), Markup.markdown(cell.mark)]
        return parts.filter { !$0.isEmpty && $0 != " " }.joined(separator: " ")
    }

    private func html(_ cell: Cell) -> String {
        let main = Markup.escapedLines(cell.text)
        let marked =
            switch cell.emphasis {
            case .plain: main
            case .strong: "<b>\(main)</b>"
            case .dim: "<span class=\"dim\">\(main)</span>"
            }
        let mark = cell.mark.isEmpty ? "" : "<i>\(Markup.escaped(cell.mark))</i>"
        return marked + mark + (cell.detail.isEmpty ? "" : " <small>\(Markup.escapedLines(cell.detail))</small>")
    }

    private func mark(_ alignment: Alignment) -> String {
        switch alignment {
        case .leading: ""
        case .trailing: " class=\"n\""
        case .centre: " class=\"m\""
        }
    }
}
