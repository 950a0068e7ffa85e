import Foundation
import Testing

@testable import Reporting

struct ReportTests {
    @Test func htmlIsSelfContained() {
        let html = ExampleReport.make().html()
        for forbidden in ["<script", "http://", "https://", "@import", "url(", "<link", "<img", "javascript:"] {
            #expect(!html.contains(forbidden), "\(forbidden)")
        }
        #expect(html.contains("prefers-color-scheme:dark"))
        #expect(html.contains("@media print"))
        #expect(html.utf8.count < 200_000)
    }

    /// The page is also well-formed XML once its void elements are closed: nothing is left open, nothing nested wrongly.
    @Test(arguments: [false, true]) func htmlIsWellFormed(hostile: Bool) {
        let html = ExampleReport.make(hostile: hostile).html()
        let lines = html.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix("<meta") ? line.dropLast() + "/>" : line
        }
        let xml = lines.dropFirst().joined(separator: "\n").replacingOccurrences(of: "<br>", with: "<br/>")
        #expect(xmlFault(xml) == nil)
    }

    @Test func everythingIsEscaped() throws {
        let report = ExampleReport.make(hostile: true)
        #expect(!report.html().contains("<script"))
        // Within a code block nothing is markup; those stand between fences that are longer than any run inside.
        let outside = report.markdown().components(separatedBy: "```").enumerated().filter {
            $0.offset.isMultiple(of: 2)
        }
        #expect(!outside.contains { $0.element.contains("<script") })
        for text in [report.html(), report.markdown(), report.text(on: Terminal(width: 100))] {
            #expect(!text.unicodeScalars.contains("\u{1B}"))
            #expect(!text.unicodeScalars.contains("\u{202E}"))
        }
    }

    @Test func sectionNamesAreUnique() {
        let page = ReportPage(
            title: "t", sections: [.init("?", []), .init("a b", []), .init("A-b", []), .init("…", [])])
        let html = page.html()
        for anchor in ["section", "a-b", "a-b-2", "section-2"] {
            #expect(html.contains("id=\"\(anchor)\""))
        }
    }

    @Test(arguments: [40, 80, 120, 200]) func terminalTextFits(width: Int) {
        let text = ExampleReport.make().text(on: Terminal(width: width))
        for line in text.split(separator: "\n") { #expect(DisplayWidth.of(String(line)) <= width, "\(line)") }
        #expect(text.contains(".803"))
        #expect(text.contains("Fusion does not beat"))
    }

    @Test func jsonRoundTrip() throws {
        var report = ExampleReport.make()
        let json = try report.json()
        #expect(json.contains("\"macro_f1\" : "))
        #expect(json.contains("\"bytes_per_extra_task\" : null"))
        let back = try JSONDecoder().decode(ComparisonReport.self, from: Data(json.utf8))
        report.curves = []
        #expect(back == report)
        #expect(try back.json() == json)
    }

    @Test func numbersThatAreNoneBecomeNull() throws {
        let report = ExampleReport.make(hostile: true)
        let json = try report.json()
        #expect(json.contains("\"accuracy\" : null"))
        let back = try JSONDecoder().decode(ComparisonReport.self, from: Data(json.utf8))
        #expect(back.rows[0].scores[0].estimate.value.isNaN)
    }

    @Test func missingRowsLeaveHoles() {
        var report = ExampleReport.make()
        report.rows.removeAll { $0.arm == "fusion" && $0.task == "game" }
        #expect(report.row(task: "game", arm: "fusion") == nil)
        #expect(report.text().contains("game"))
        report.rows = []
        #expect(report.html().contains("At a glance"))
        report.arms = []
        report.tasks = []
        #expect(report.markdown().hasPrefix("# "))
        #expect(!report.text(on: Terminal(width: 40)).isEmpty)
    }

    /// Writes the example to look at it: AMALGAM_EXAMPLE_REPORT names a folder. Not a skipped test where it is unset:
    /// './test' counts those, and they should mean something.
    @Test func writeExample() throws {
        guard let path = ProcessInfo.processInfo.environment["AMALGAM_EXAMPLE_REPORT"] else { return }
        let folder = URL(fileURLWithPath: path)
        let report = ExampleReport.make()
        try Data(report.html().utf8).write(to: folder.appendingPathComponent("report.html"))
        try Data(report.markdown().utf8).write(to: folder.appendingPathComponent("report.md"))
        try Data(try report.json().utf8).write(to: folder.appendingPathComponent("report.json"))
        try Data(report.text(on: Terminal(width: 80)).utf8).write(to: folder.appendingPathComponent("report-80.txt"))
        try Data(report.text().utf8).write(to: folder.appendingPathComponent("report-wide.txt"))
        try Data(report.curves[0].svg().utf8).write(to: folder.appendingPathComponent("curve.svg"))
    }
}
