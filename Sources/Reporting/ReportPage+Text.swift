extension ReportPage {
    /// The page for a terminal: words and tables. Line charts, which need a picture, are left out.
    package func text(on terminal: Terminal = .plain) -> String {
        var text = filled(title, terminal, .strong)
        for sentence in summary { text += filled(sentence, terminal) }
        for section in sections {
            text += "\n" + filled(section.title, terminal, .strong)
            text += section.blocks.map { block($0, terminal) }.joined(separator: "\n")
        }
        return footer.isEmpty ? text : text + "\n" + filled(footer, terminal, .dim)
    }

    private func block(_ block: Block, _ terminal: Terminal) -> String {
        switch block {
        case .paragraph(let words): return filled(words, terminal)
        case .note(let words): return filled(words, terminal, .dim)
        case .verdicts(let verdicts):
            return verdicts.map { verdict in
                let mark = verdict.kind.mark(unicode: terminal.unicode)
                let lines = DisplayWidth.wrapped(
                    DisplayWidth.harmless(verdict.text), to: max(20, (terminal.width ?? 100) - 2))
                return lines.enumerated().map { ($0 == 0 ? "\(mark) " : "  ") + $1 + "\n" }.joined()
            }.joined()
        case .facts(let settings), .settings(let settings):
            return settings.map { filled("\($0.name): \($0.value)", terminal) }.joined()
        case .table(let table, let caption):
            return (caption.isEmpty ? "" : filled(caption, terminal, .dim)) + table.text(on: terminal)
        case .charts(let charts):
            return charts.map { chart in
                switch chart {
                case .dots(let plot): plot.text(on: terminal)
                case .heat(let map): map.table().text(on: terminal)
                case .shares(let map): map.table().text(on: terminal)
                case .lines: ""
                }
            }.joined()
        case .details(let title, let blocks):
            return filled(title, terminal, .strong) + blocks.map { self.block($0, terminal) }.joined(separator: "\n")
        }
    }

    private func filled(_ text: String, _ terminal: Terminal, _ emphasis: Emphasis = .plain) -> String {
        DisplayWidth.wrapped(DisplayWidth.harmless(text), to: max(20, terminal.width ?? 100))
            .map { terminal.styled($0, emphasis) + "\n" }.joined()
    }
}
