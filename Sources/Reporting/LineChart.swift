/// Curves over a common axis, such as losses over steps.
package struct LineChart: Sendable, Equatable {
    /// One curve. Points that are not finite break it.
    package struct Series: Sendable, Equatable {
        package var name: String
        package var points: [Point]
        /// Draws single dots on the curve: few values, such as one dev score an epoch.
        package var dots: Bool
        /// Of each point, drawn as a bar; none: no point has one.
        package var intervals: [Interval?]

        package init(_ name: String, points: [Point], dots: Bool = false, intervals: [Interval?] = []) {
            self.name = name
            self.points = points
            self.dots = dots
            self.intervals = intervals
        }

        /// The finite points that have an interval, with it.
        var spreads: [(point: Point, interval: Interval)] {
            zip(points, intervals).compactMap { point, interval in
                guard point.isFinite, let interval, interval.low.isFinite, interval.high.isFinite else { return nil }
                return (point, interval)
            }
        }
    }

    /// A place on the chart.
    package struct Point: Sendable, Equatable {
        package var x: Double
        package var y: Double

        package init(_ x: Double, _ y: Double) {
            self.x = x
            self.y = y
        }

        var isFinite: Bool { x.isFinite && y.isFinite }
    }

    package var title: String
    package var xLabel: String
    package var yLabel: String
    package var series: [Series]
    /// Width and height in units of 1/13 of the text's size.
    package var size: (width: Double, height: Double) { (width, height) }
    private let width: Double
    private let height: Double

    package init(
        title: String, x: String, y: String, series: [Series], width: Double = 440, height: Double = 260
    ) {
        self.title = title
        xLabel = x
        yLabel = y
        self.series = series
        self.width = max(240, width)
        self.height = max(140, height)
    }

    /// The most points of one curve that are drawn: more only make files large.
    static let resolution = 240

    /// The chart as SVG: no scripts, nothing fetched, light and dark.
    /// - Parameter standalone: for a file of its own; otherwise for a page of `ReportPage`
    package func svg(standalone: Bool = true) -> String {
        let legend = legendRows()
        let top = 44.0
        let bottom = 40.0 + Double(legend.count) * 18
        let finite = series.flatMap { $0.points.filter(\.isFinite) }
        let xAxis = Axis(finite.map(\.x), ticks: 5, tight: true)
        let spreads = series.flatMap { $0.spreads.flatMap { [$0.interval.low, $0.interval.high] } }
        let yAxis = Axis(finite.map(\.y) + spreads, ticks: 4)
        let labels = yAxis.ticks.map(yAxis.label)
        let left = 14 + (labels.map { SVGCanvas.textWidth($0, size: 11.5) }.max() ?? 0)
        let plot = (x: left, y: top, width: width - left - 14, height: height - top - 24)
        var canvas = SVGCanvas(width: width, height: top + plot.height + bottom)
        canvas.text(0, 14, title, .start, "head")
        canvas.text(0, 32, yLabel, .start, "soft small")
        for (tick, label) in zip(yAxis.ticks, labels) {
            let y = plot.y + plot.height * (1 - yAxis.position(tick))
            canvas.line(plot.x, y, plot.x + plot.width, y, "grid")
            canvas.text(plot.x - 7, y + 4, label, .end, "soft small")
        }
        for tick in xAxis.ticks {
            let x = plot.x + plot.width * xAxis.position(tick)
            canvas.text(x, plot.y + plot.height + 16, xAxis.label(tick), .middle, "soft small")
        }
        canvas.text(plot.x + plot.width, plot.y + plot.height + 32, xLabel, .end, "soft small")
        for (index, one) in series.enumerated() {
            let style = "\(SVGCanvas.colour(index)) curve" + Self.dash(index)
            for (point, interval) in one.spreads {
                let x = plot.x + plot.width * xAxis.position(point.x)
                let ends = [interval.low, interval.high].map { plot.y + plot.height * (1 - yAxis.position($0)) }
                canvas.line(x, ends[0], x, ends[1], "\(SVGCanvas.colour(index)) bar")
            }
            for run in Self.runs(one.points) {
                let places = run.map { point in
                    (
                        x: plot.x + plot.width * xAxis.position(point.x),
                        y: plot.y + plot.height * (1 - yAxis.position(point.y))
                    )
                }
                canvas.polyline(places, style)
                if one.dots || places.count == 1 {
                    for place in places { canvas.circle(place.x, place.y, 3, "\(SVGCanvas.colour(index)) fill") }
                }
            }
        }
        if finite.isEmpty {
            canvas.text(plot.x + plot.width / 2, plot.y + plot.height / 2, "no values", .middle, "soft")
        }
        for (row, entries) in legend.enumerated() {
            let y = plot.y + plot.height + 48 + Double(row) * 18
            for entry in entries {
                let style = "\(SVGCanvas.colour(entry.index)) curve" + Self.dash(entry.index)
                canvas.line(entry.x, y - 4, entry.x + 20, y - 4, style)
                canvas.text(entry.x + 26, y, entry.name, .start, "small")
            }
        }
        return canvas.svg(description: description, standalone: standalone)
    }

    /// The ends of every curve in words, for those who do not see it, and for Markdown.
    package func table() -> TextTable {
        var table = TextTable([
            .init("curve"), .init("points", .trailing), .init("first", .trailing), .init("lowest", .trailing),
            .init("last", .trailing),
        ])
        for one in series {
            let values = one.points.filter(\.isFinite).map(\.y)
            let facts = [values.first, values.min(), values.last].map { $0.map(Human.loss) ?? Human.missing }
            table.append([.init(one.name), .init(Human.count(values.count))] + facts.map { .init($0) })
        }
        return table
    }

    private var description: String {
        let ends = series.compactMap { one in
            one.points.last(where: \.isFinite).map { "\(one.name) ends at \(Human.loss($0.y))" }
        }
        return ([title] + ends).joined(separator: "; ")
    }

    /// From the fifth curve on colours alone are hard to tell apart.
    private static func dash(_ index: Int) -> String { index < 4 ? "" : " dash\(1 + (index / 4 - 1) % 3)" }

    private func legendRows() -> [[(index: Int, x: Double, name: String)]] {
        guard series.count > 1 else { return [] }
        var rows: [[(index: Int, x: Double, name: String)]] = [[]]
        var x = 0.0
        for (index, one) in series.enumerated() {
            let name = DisplayWidth.shortened(DisplayWidth.oneLine(one.name), to: 40)
            let needed = 26 + SVGCanvas.textWidth(name, size: 11.5) + 18
            if x > 0, x + needed > width {
                rows.append([])
                x = 0
            }
            rows[rows.count - 1].append((index, x, name))
            x += needed
        }
        return rows
    }

    /// Stretches of finite points, thinned to the lowest and highest of each small interval.
    static func runs(_ points: [Point]) -> [[Point]] {
        points.split { !$0.isFinite }.map { thinned(Array($0)) }
    }

    private static func thinned(_ points: [Point]) -> [Point] {
        guard points.count > resolution else { return points }
        let buckets = resolution / 2
        return (0..<buckets).flatMap { bucket -> [Point] in
            let range = (bucket * points.count / buckets)..<((bucket + 1) * points.count / buckets)
            guard let low = range.min(by: { points[$0].y < points[$1].y }),
                let high = range.max(by: { points[$0].y < points[$1].y })
            else { return [] }
            return low == high ? [points[low]] : [points[min(low, high)], points[max(low, high)]]
        }
    }
}
