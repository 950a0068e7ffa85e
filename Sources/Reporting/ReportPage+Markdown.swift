extension ReportPage {
    /// The page in Markdown. Charts become characters or tables: Markdown shows no pictures from within its file.
    package func markdown() -> String {
        var text = "# \(Markup.markdown(title))\n\n"
        if !kicker.isEmpty { text += "*\(Markup.markdown(kicker))*\n\n" }
        for sentence in summary { text += Markup.markdown(sentence) + "\n\n" }
        for section in sections {
            text += "## \(Markup.markdown(section.title))\n\n"
            text += section.blocks.map { markdown($0, level: 3) }.joined()
        }
        if !footer.isEmpty { text += "---\n\n\(Markup.markdown(footer))\n" }
        return text
    }

    private func markdown(_ block: Block, level: Int) -> String {
        switch block {
        case .paragraph(let words): return Markup.markdown(words) + "\n\n"
        case .note(let words): return "<sub>\(Markup.markdown(words))</sub>\n\n"
        case .verdicts(let verdicts):
            let lines = verdicts.map { "- \($0.kind.mark(unicode: true)) \(Markup.markdown($0.text))\n" }
            return lines.joined() + "\n"
        case .facts(let facts), .settings(let facts):
            var table = TextTable([.init("name"), .init("value")])
            for fact in facts { table.append([.init(fact.name), .init(fact.value)]) }
            return table.markdown() + "\n"
        case .table(let table, let caption):
            return (caption.isEmpty ? "" : "**\(Markup.markdown(caption))**\n\n") + table.markdown() + "\n"
        case .charts(let charts): return charts.map(markdown).joined()
        case .details(let title, let blocks):
            let heading = String(repeating: "#", count: min(6, level)) + " \(Markup.markdown(title))\n\n"
            return heading + blocks.map { markdown($0, level: level + 1) }.joined()
        }
    }

    private func markdown(_ chart: Chart) -> String {
        switch chart {
        case .dots(let plot): return Self.fenced(plot.text(on: Terminal(width: 92)))
        case .heat(let map): return "**\(Markup.markdown(map.title))**\n\n" + map.table().markdown() + "\n"
        case .shares(let map): return "**\(Markup.markdown(map.title))**\n\n" + map.table().markdown() + "\n"
        case .lines(let chart): return "**\(Markup.markdown(chart.title))**\n\n" + chart.table().markdown() + "\n"
        }
    }

    /// A code block whose fence is longer than any run of backticks inside.
    private static func fenced(_ text: String) -> String {
        var longest = 0
        var run = 0
        for character in text {
            run = character == "`" ? run + 1 : 0
            longest = max(longest, run)
        }
        let fence = String(repeating: "`", count: max(3, longest + 1))
        return "\(fence)text\n\(text)\(text.hasSuffix("\n") ? "" : "\n")\(fence)\n\n"
    }
}
