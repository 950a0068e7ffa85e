/// Shares that sum to 1 in each row as a picture: the darker a cell, the larger its share.
package struct ShareMap: Sendable, Equatable, Encodable {
    package var title: String
    package var rows: [String]
    package var columns: [String]
    /// [rows, columns], each in 0...1
    package var shares: [[Double]]

    package init(_ title: String, rows: [String], columns: [String], shares: [[Double]]) {
        self.title = title
        self.rows = rows
        self.columns = columns
        self.shares = shares
    }

    private static let steps = 8
    private var names: [String] { columns.map { DisplayWidth.shortened(DisplayWidth.oneLine($0), to: 22) } }

    /// The picture as SVG: no scripts, nothing fetched, light and dark.
    /// - Parameter standalone: for a file of its own; otherwise for a page of `ReportPage`
    package func svg(standalone: Bool = true) -> String {
        let cell = max(34.0, min(64.0, 420 / Double(max(columns.count, 1))))
        let height = 24.0
        let widest = names.map { SVGCanvas.textWidth($0, size: 11.5) }.max() ?? 0
        let (left, top) = (14 + (rows.map { SVGCanvas.textWidth($0, size: 11.5) }.max() ?? 0), 30 + widest * 0.75)
        var canvas = SVGCanvas(
            width: left + cell * Double(columns.count) + widest * 0.55 + 16,
            height: top + height * Double(rows.count) + 14)
        canvas.text(0, 14, title, .start, "head")
        for (c, name) in names.enumerated() {
            canvas.slantedText(left + (Double(c) + 0.5) * cell, top - 7, name, "small")
        }
        for (r, row) in shares.enumerated() {
            canvas.text(left - 8, top + (Double(r) + 0.5) * height + 4, rows[r], .end, "small")
            for (c, share) in row.enumerated() {
                let (x, y) = (left + Double(c) * cell, top + Double(r) * height)
                let step = max(0, min(Self.steps, Int((share * Double(Self.steps)).rounded())))
                canvas.rectangle(x + 1, y + 1, cell - 2, height - 2, "c0 heat h\(step)")
                let ink = step > Self.steps / 2 ? "on small" : "small"
                canvas.text(x + cell / 2, y + height / 2 + 4, Human.metric(share), .middle, ink)
            }
        }
        return canvas.svg(description: "\(title): rows down, columns across", standalone: standalone)
    }

    /// The shares as a table.
    package func table() -> TextTable {
        var table = TextTable([.init("", shrinking: .shorten)] + names.map { .init($0, .trailing) })
        for (name, row) in zip(rows, shares) {
            table.append([.init(name)] + row.map { TextTable.Cell(Human.metric($0)) })
        }
        return table
    }
}
