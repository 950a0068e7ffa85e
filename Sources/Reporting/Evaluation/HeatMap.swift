/// Counts of true against predicted classes as a picture: the darker a cell, the larger its share of the row.
package struct HeatMap: Sendable, Equatable, Encodable {
    package var title: String
    package var labels: [String]
    /// [true, predicted]
    package var counts: [[Int]]

    package init(_ title: String, labels: [String], counts: [[Int]]) {
        self.title = title
        self.labels = labels
        self.counts = counts
    }

    private static let steps = 8

    /// The picture as SVG: no scripts, nothing fetched, light and dark.
    /// - Parameter standalone: for a file of its own; otherwise for a page of `ReportPage`
    package func svg(standalone: Bool = true) -> String {
        let names = labels.map { DisplayWidth.shortened(DisplayWidth.oneLine($0), to: 22) }
        let cell = max(22.0, min(54.0, 420 / Double(max(labels.count, 1))))
        let widest = names.map { SVGCanvas.textWidth($0, size: 11.5) }.max() ?? 0
        // Room for "predicted →", which would run into the first slanted name further right
        let (left, top) = (max(74, 34 + widest), 46 + widest * 0.75)
        let side = cell * Double(labels.count)
        var canvas = SVGCanvas(width: left + side + widest * 0.55 + 16, height: top + side + 14)
        canvas.text(0, 14, title, .start, "head")
        canvas.text(left - 8, 32, "predicted →", .end, "soft small")
        canvas.text(0, top - 8, "true ↓", .start, "soft small")
        for (c, name) in names.enumerated() {
            canvas.slantedText(left + (Double(c) + 0.5) * cell, top - 7, name, "small")
            canvas.text(left - 8, top + (Double(c) + 0.5) * cell + 4, name, .end, "small")
        }
        for (g, row) in counts.enumerated() {
            let total = row.reduce(0, +)
            for (p, count) in row.enumerated() {
                let (x, y) = (left + Double(p) * cell, top + Double(g) * cell)
                let share = total > 0 ? Double(count) / Double(total) : 0
                // Anything above zero can be seen
                let step = count == 0 ? 0 : max(1, Int((share * Double(Self.steps)).rounded()))
                let color = g == p ? "c0" : "c1"
                canvas.rectangle(x + 1, y + 1, cell - 2, cell - 2, "\(color) heat h\(step)")
                if count > 0 {
                    let ink = step > Self.steps / 2 ? "on small" : "small"
                    canvas.text(x + cell / 2, y + cell / 2 + 4, Human.compact(count), .middle, ink)
                }
            }
        }
        return canvas.svg(description: "\(title): true classes down, predicted across", standalone: standalone)
    }

    /// The counts as a table: true classes down, predicted across.
    package func table() -> TextTable {
        var table = TextTable(
            [.init("true ↓ predicted →", shrinking: .shorten)]
                + labels.map { .init(DisplayWidth.shortened(DisplayWidth.oneLine($0), to: 16), .trailing) })
        for (g, row) in counts.enumerated() {
            table.append(
                [.init(labels[g])]
                    + row.enumerated().map { p, count in
                        TextTable.Cell(Human.count(count), p == g ? .strong : count == 0 ? .dim : .plain)
                    })
        }
        return table
    }
}
