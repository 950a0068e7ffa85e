import Foundation
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

@testable import Reporting

/// Whether a text is well-formed XML, and what is wrong with it.
func xmlFault(_ text: String) -> String? {
    let parser = XMLParser(data: Data(text.utf8))
    return parser.parse() ? nil : "line \(parser.lineNumber): \(parser.parserError.map { "\($0)" } ?? "?")"
}

struct AxisTests {
    @Test func niceTicks() {
        let axis = Axis([0.71, 0.84], ticks: 5, bounds: 0...1)
        #expect(axis.low <= 0.71)
        #expect(axis.high >= 0.84)
        #expect(axis.ticks.map(axis.label).first == "0.70")
        #expect(Axis([0, 612_000.0]).ticks.map(Axis([0, 612_000.0]).label).contains("200 k"))
        #expect(Axis([0.3, 1.0], bounds: 0...1).high == 1)
    }

    @Test func oddInput() {
        let odd: [[Double]] = [
            [], [.nan], [.infinity, -.infinity], [0], [5, 5, 5], [-1e308, 1e308], [1e-320, 2e-320], [-0.0, 0.0],
            [1e17, 1e17 + 32],
        ]
        for values in odd {
            let axis = Axis(values, bounds: 0...1)
            #expect(axis.high > axis.low)
            #expect(axis.ticks.count >= 2 && axis.ticks.count <= 101)
            #expect(axis.ticks.allSatisfy { $0.isFinite })
            #expect((0...1).contains(axis.position(.nan)))
            for tick in axis.ticks { #expect(!axis.label(tick).isEmpty) }
        }
    }
}

struct ChartTests {
    private let hostile = "<b>&\"'\u{0}\u{1B}]]>--"

    @Test func picturesAreWellFormedAndWithoutScripts() {
        var report = ExampleReport.make(hostile: true)
        report.curves[0].xLabel = hostile
        for chart in report.curves {
            let svg = chart.svg()
            #expect(xmlFault(svg) == nil)
            #expect(!svg.contains("<script"))
            #expect(!svg.contains("nan"))
        }
        for task in report.tasks {
            let svg = report.plot(of: task).svg()
            #expect(xmlFault(svg) == nil)
            #expect(!svg.contains("<script"))
        }
    }

    @Test func emptyCharts() {
        #expect(xmlFault(LineChart(title: hostile, x: "", y: "", series: []).svg()) == nil)
        #expect(xmlFault(LineChart(title: "", x: "", y: "", series: [.init("a", points: [])]).svg()) == nil)
        #expect(xmlFault(DotPlot(groups: [], x: "").svg()) == nil)
        #expect(xmlFault(DotPlot(groups: [.init(hostile, rows: [])], x: hostile).svg()) == nil)
    }

    @Test func longCurvesAreThinnedButKeepTheirPeaks() {
        var points = (0..<100_000).map { LineChart.Point(Double($0), 1) }
        points[54_321].y = 9
        let runs = LineChart.runs(points)
        #expect(runs.count == 1)
        #expect(runs[0].count <= LineChart.resolution)
        #expect(runs[0].contains { $0.y == 9 })
    }

    @Test func gapsBreakTheCurve() {
        let runs = LineChart.runs([.init(0, 1), .init(1, .nan), .init(2, 3), .init(3, 3)])
        #expect(runs.map(\.count) == [1, 2])
    }

    @Test func dotPlotInCharacters() {
        let plot = DotPlot(
            groups: [
                .init(
                    "works-with",
                    rows: [
                        .init("majority", 0.2), .init("adapter", 0.8, interval: Interval(0.7, 0.9), .strong),
                        .init("broken", .nan, interval: Interval(.nan, 0)),
                    ])
            ], x: "accuracy")
        let text = plot.text(on: Terminal(width: 60))
        #expect(text.split(separator: "\n").allSatisfy { DisplayWidth.of(String($0)) <= 60 })
        #expect(text.contains("─●─"))
        #expect(text.contains(".800"))
        #expect(plot.text(on: Terminal(width: 12)).isEmpty)
    }
}
