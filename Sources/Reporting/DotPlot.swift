/// Values with their intervals side by side: groups (tasks) of rows (arms).
package struct DotPlot: Sendable, Equatable {
    /// One value.
    package struct Row: Sendable, Equatable {
        package var label: String
        package var value: Double
        /// The ends of its interval, if it has one.
        package var interval: Interval?
        /// Number of its colour, 0..<8.
        package var colour: Int
        /// An open diamond in place of a full circle.
        package var open: Bool
        package var emphasis: Emphasis

        package init(
            _ label: String, _ value: Double, interval: Interval? = nil, colour: Int = 0,
            open: Bool = false, _ emphasis: Emphasis = .plain
        ) {
            self.label = label
            self.value = value
            self.interval = interval
            self.colour = colour
            self.open = open
            self.emphasis = emphasis
        }
    }

    /// Rows that share an axis.
    package struct Group: Sendable, Equatable {
        package var title: String
        package var rows: [Row]

        package init(_ title: String, rows: [Row]) {
            self.title = title
            self.rows = rows
        }
    }

    package var groups: [Group]
    package var xLabel: String
    /// Values that the axis does not pass by itself: 0...1 for scores.
    package var bounds: ClosedRange<Double>?
    private let width: Double

    package init(groups: [Group], x: String, bounds: ClosedRange<Double>? = 0...1, width: Double = 440) {
        self.groups = groups
        xLabel = x
        self.bounds = bounds
        self.width = max(260, width)
    }

    private static let rowHeight = 23.0
    private static let groupTop = 30.0
    private static let groupBottom = 34.0

    /// The plot as SVG: no scripts, nothing fetched, light and dark.
    /// - Parameter standalone: for a file of its own; otherwise for a page of `ReportPage`
    package func svg(standalone: Bool = true) -> String {
        let heights = groups.map { Self.groupTop + Double($0.rows.count) * Self.rowHeight + Self.groupBottom }
        let total = heights.reduce(0, +) + Double(max(0, groups.count - 1)) * 14
        var canvas = SVGCanvas(width: width, height: max(total, 40))
        var top = 0.0
        for (group, height) in zip(groups, heights) {
            draw(group, at: top, on: &canvas)
            top += height + 14
        }
        if groups.isEmpty { canvas.text(width / 2, 24, "no values", .middle, "soft") }
        let titles = groups.map(\.title).filter { !$0.isEmpty }.joined(separator: ", ")
        return canvas.svg(description: titles.isEmpty ? xLabel : "\(xLabel): \(titles)", standalone: standalone)
    }

    private func draw(_ group: Group, at top: Double, on canvas: inout SVGCanvas) {
        let axis = self.axis(group)
        let names = group.rows.map { DisplayWidth.shortened(DisplayWidth.oneLine($0.label), to: 28) }
        let left = 14 + min(width * 0.42, names.map { SVGCanvas.textWidth($0, size: 13) }.max() ?? 0)
        let plot = (x: left, width: width - left - 48)
        let first = top + Self.groupTop
        let last = first + Double(group.rows.count) * Self.rowHeight
        canvas.text(0, top + 14, group.title, .start, "head")
        if let best = group.rows.first(where: { $0.emphasis == .strong }), let interval = best.interval {
            let low = plot.x + plot.width * axis.position(interval.low)
            let high = plot.x + plot.width * axis.position(interval.high)
            canvas.rectangle(low, first, high - low, last - first, "\(SVGCanvas.colour(best.colour)) band")
        }
        for tick in axis.ticks {
            let x = plot.x + plot.width * axis.position(tick)
            canvas.line(x, first, x, last, "grid")
            canvas.text(x, last + 15, axis.label(tick), .middle, "soft small")
        }
        canvas.text(plot.x + plot.width, last + 30, xLabel, .end, "soft small")
        for (index, row) in group.rows.enumerated() {
            let y = first + (Double(index) + 0.5) * Self.rowHeight
            let ink = row.emphasis == .strong ? "head" : row.emphasis == .dim ? "soft" : ""
            canvas.text(plot.x - 12, y + 4.5, names[index], .end, ink)
            canvas.text(width, y + 4.5, Human.score(row.value), .end, ink)
            guard row.value.isFinite else { continue }
            let colour = SVGCanvas.colour(row.colour)
            if let interval = row.interval, row.value >= axis.low {
                let low = plot.x + plot.width * axis.position(interval.low)
                let high = plot.x + plot.width * axis.position(interval.high)
                canvas.line(low, y, high, y, "\(colour) bar")
            }
            let x = plot.x + plot.width * axis.position(row.value)
            if row.value < axis.low {
                canvas.arrow(x, y, 5.5, "\(colour) fill")
            } else if row.open {
                canvas.diamond(x, y, 5.5, "\(colour) open")
            } else {
                canvas.circle(x, y, row.emphasis == .strong ? 5.5 : 4.5, "\(colour) fill")
            }
        }
    }

    /// The plot in characters, for a terminal or a log.
    package func text(on terminal: Terminal = .plain) -> String {
        let width = min(terminal.width ?? 100, 110)
        let labels = groups.flatMap { $0.rows.map { DisplayWidth.of(DisplayWidth.oneLine($0.label)) } }
        let left = min(labels.max() ?? 0, max(8, width / 3))
        let cells = width - left - 9
        guard cells >= 10 else { return "" }
        return groups.map { group in
            let axis = self.axis(group)
            var text = terminal.styled(DisplayWidth.oneLine(group.title), .strong) + "\n"
            for row in group.rows { text += line(row, axis, label: left, cells: cells, terminal) }
            return text + scale(axis, label: left, cells: cells, terminal)
        }.joined(separator: "\n")
    }

    /// The axis over a group's rows, but for those far below all others: were the majority class to set the axis, the
    /// arms that matter would stand on one point.
    private func axis(_ group: Group) -> Axis {
        let ends = group.rows.map { row in
            ([row.value] + (row.interval.map { [$0.low, $0.high] } ?? [])).filter(\.isFinite)
        }
        var kept = ends.filter { !$0.isEmpty }.sorted { ($0.max() ?? 0) < ($1.max() ?? 0) }
        for _ in 0..<(kept.count / 4) {
            let rest = kept.dropFirst().joined()
            guard kept.count > 3, let top = kept[0].max(), let low = rest.min(), let high = rest.max() else { break }
            if low - top <= high - low { break }
            kept.removeFirst()
        }
        return Axis(kept.joined(), ticks: 4, bounds: bounds)
    }

    private func line(_ row: Row, _ axis: Axis, label: Int, cells: Int, _ terminal: Terminal) -> String {
        let name = DisplayWidth.shortened(DisplayWidth.oneLine(row.label), to: label)
        let room = String(repeating: " ", count: label - DisplayWidth.of(name))
        let value = Human.score(row.value)
        guard row.value.isFinite else { return terminal.styled(room + name, row.emphasis) + "  \(value)\n" }
        var track = [Character](repeating: " ", count: cells)
        func cell(_ value: Double) -> Int { Int((axis.position(value) * Double(cells - 1)).rounded()) }
        if let interval = row.interval, row.value >= axis.low {
            for at in cell(interval.low)...max(cell(interval.low), cell(interval.high)) {
                track[at] = terminal.unicode ? "─" : "-"
            }
        }
        let dot: Character = terminal.unicode ? (row.open ? "◇" : "●") : (row.open ? "o" : "@")
        track[cell(row.value)] = row.value < axis.low ? (terminal.unicode ? "◂" : "<") : dot
        return terminal.styled(room + name, row.emphasis) + "  " + String(track) + "  "
            + terminal.styled(value, row.emphasis) + "\n"
    }

    private func scale(_ axis: Axis, label: Int, cells: Int, _ terminal: Terminal) -> String {
        var line = ""
        for tick in axis.ticks {
            let text = axis.label(tick)
            let centre = label + 2 + Int((axis.position(tick) * Double(cells - 1)).rounded())
            let at = max(0, centre - text.count / 2)
            guard line.isEmpty || at > line.count else { continue }
            line += String(repeating: " ", count: max(0, at - line.count)) + text
        }
        return terminal.styled(line, .dim) + "\n"
    }
}
