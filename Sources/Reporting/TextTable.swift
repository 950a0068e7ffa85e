/// A table as a value; text, Markdown and HTML are made from it.
package struct TextTable: Sendable, Equatable {
    /// Where the text of a column stands.
    package enum Alignment: Sendable, Equatable {
        case leading, trailing, centre
    }

    /// What a column does when the table is wider than its place.
    package enum Shrinking: Sendable, Equatable {
        /// Keeps its width while any other column can give way: numbers.
        case last
        /// Breaks its text into several lines: sentences.
        case wrap
        /// Cuts its text and shows '…': names and paths.
        case shorten
    }

    /// A column: its heading and how it behaves.
    package struct Column: Sendable, Equatable {
        package var title: String
        package var alignment: Alignment
        package var shrinking: Shrinking

        package init(_ title: String, _ alignment: Alignment = .leading, shrinking: Shrinking? = nil) {
            self.title = title
            self.alignment = alignment
            self.shrinking = shrinking ?? (alignment == .leading ? .wrap : .last)
        }
    }

    /// A cell: its text, a quieter second part (an interval, a unit), a mark of one character, and its emphasis.
    package struct Cell: Sendable, Equatable, ExpressibleByStringLiteral {
        package var text: String
        package var detail: String
        /// A sign after all else, such as '*'; a space keeps its place where others of the column have one.
        package var mark: String
        package var emphasis: Emphasis

        package init(_ text: String, detail: String = "", mark: String = "", _ emphasis: Emphasis = .plain) {
            self.text = text
            self.detail = detail
            self.mark = mark
            self.emphasis = emphasis
        }

        package init(stringLiteral value: String) { self.init(value) }

        var line: String { DisplayWidth.harmless([text, detail, mark].filter { !$0.isEmpty }.joined(separator: " ")) }
    }

    /// How a table is drawn on a terminal.
    package enum Style: Sendable, Equatable {
        /// Lines around the table.
        case box
        /// Columns set apart by spaces, one line under the headings.
        case columns
    }

    package var columns: [Column]
    /// Rows of cells; missing cells are empty, surplus ones are not shown.
    package private(set) var rows: [[Cell]]
    /// Indices of rows that a line stands above.
    package private(set) var rules: Set<Int> = []

    package init(_ columns: [Column], rows: [[Cell]] = []) {
        self.columns = columns
        self.rows = rows
    }

    /// Adds a row at the bottom.
    package mutating func append(_ cells: [Cell]) { rows.append(cells) }

    /// Draws a line between the rows so far and those to come.
    package mutating func rule() { rules.insert(rows.count) }

    /// The cell at a place; an empty one where the row is short.
    package func cell(_ row: Int, _ column: Int) -> Cell {
        rows.indices.contains(row) && rows[row].indices.contains(column) ? rows[row][column] : Cell("")
    }

    /// The same table with rows and columns exchanged; the first column holds the former headings.
    ///
    /// Columns but the first take `alignment`; details of the former first column are left out.
    package func transposed(_ alignment: Alignment = .trailing) -> TextTable {
        guard let corner = columns.first else { return self }
        var turned = TextTable(
            [corner] + rows.indices.map { Column(cell($0, 0).text, alignment) })
        for column in columns.indices.dropFirst() {
            turned.append([Cell(columns[column].title)] + rows.indices.map { cell($0, column) })
        }
        return turned
    }

    /// Columns of a terminal that the table would like, were there room enough.
    package func naturalWidth(_ style: Style = .columns) -> Int {
        naturalWidths().reduce(0, +) + frame(style)
    }

    /// Columns of a terminal that it needs before anything but its headings has to wrap.
    package func bodyWidth(_ style: Style = .columns) -> Int {
        columns.indices.reduce(frame(style)) { sum, column in
            let cells = rows.indices.map { widest(cell($0, column).line) }.max() ?? 0
            return sum + max(cells, longestWord(DisplayWidth.harmless(columns[column].title)), 3)
        }
    }

    /// The table as lines for a terminal, each ended with a line break.
    /// - Parameters:
    ///   - style: lines around it, or columns only
    ///   - terminal: the width to keep within (the least is 3 columns a cell), and what may be used
    package func text(_ style: Style = .columns, on terminal: Terminal = .plain) -> String {
        guard !columns.isEmpty else { return "" }
        let widths = fitted(to: terminal.width.map { $0 - frame(style) })
        let pen = TablePen(widths: widths, style: style, terminal: terminal)
        var text = pen.top()
        let headings = columns.map { Cell($0.title, .strong) }
        text += pen.row(headings.enumerated().map { lines($1, column: $0, width: widths[$0], wrap: true) }, columns)
        text += pen.middle(isHeading: true)
        for row in rows.indices {
            if rules.contains(row), row > 0 { text += pen.middle(isHeading: false) }
            text += pen.row(columns.indices.map { lines(cell(row, $0), column: $0, width: widths[$0]) }, columns)
        }
        return text + pen.bottom()
    }

    private func naturalWidths() -> [Int] {
        columns.indices.map { column in
            let cells = rows.indices.map { widest(cell($0, column).line) }
            return max(widest(DisplayWidth.harmless(columns[column].title)), cells.max() ?? 0, 1)
        }
    }

    private func widest(_ text: String) -> Int {
        text.split(separator: "\n").map { DisplayWidth.of(String($0)) }.max() ?? 0
    }

    private func longestWord(_ text: String) -> Int {
        text.split(whereSeparator: { $0 == " " || $0 == "\n" }).map { DisplayWidth.of(String($0)) }.max() ?? 0
    }

    private func frame(_ style: Style) -> Int { style == .box ? 3 * columns.count + 1 : 2 * (columns.count - 1) }

    /// Widths that fit: headings wrap first, then sentences down to their longest word, then names, then all.
    private func fitted(to limit: Int?) -> [Int] {
        var widths = naturalWidths()
        guard let limit else { return widths }
        let bodies = columns.indices.map { column in rows.indices.map { widest(cell($0, column).line) }.max() ?? 0 }
        let words = columns.indices.map { column in
            let title = longestWord(DisplayWidth.harmless(columns[column].title))
            return max(title, rows.indices.map { longestWord(cell($0, column).line) }.max() ?? 0, 3)
        }
        let titles = columns.map { longestWord(DisplayWidth.harmless($0.title)) }
        let floors: [[Int]] = [
            columns.indices.map { max(bodies[$0], titles[$0], 3) },
            columns.indices.map { columns[$0].shrinking == .wrap ? words[$0] : max(bodies[$0], titles[$0], 3) },
            columns.indices.map { columns[$0].shrinking == .last ? max(bodies[$0], 3) : 10 },
            columns.indices.map { _ in 3 },
        ]
        for floor in floors {
            while widths.reduce(0, +) > limit {
                let shrinkable = widths.indices.filter { widths[$0] > floor[$0] }
                guard let column = shrinkable.max(by: { widths[$0] < widths[$1] }) else { break }
                widths[column] -= 1
            }
        }
        return widths
    }

    private func lines(_ cell: Cell, column: Int, width: Int, wrap: Bool = false) -> [(String, Emphasis)] {
        if wrap || columns[column].shrinking == .wrap {
            return DisplayWidth.wrapped(cell.line, to: width).map { ($0, cell.emphasis) }
        }
        return cell.line.split(separator: "\n", omittingEmptySubsequences: false).map {
            (DisplayWidth.shortened(String($0), to: width), cell.emphasis)
        }
    }
}
