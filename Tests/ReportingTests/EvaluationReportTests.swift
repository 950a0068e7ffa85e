import Foundation
import Testing

@testable import Reporting

struct EvaluationReportTests {
    /// Made-up scores of a number of classes, all taken for the next one at times.
    private func report(classes: Int, hostile: Bool = false) -> EvaluationReport {
        let names = (0..<classes).map { hostile ? "<script>\u{1B}[1m\($0)|`" : "class \($0)" }
        let shown = Array(names.prefix(EvaluationReport.mostClasses))
        let counts = shown.indices.map { g in
            shown.indices.map { p in p == g ? 30 - g : p == (g + 1) % shown.count ? g + 1 : 0 }
        }
        return EvaluationReport(
            task: "game", split: "test", examples: 31 * classes, unknownLabels: 3,
            skipped: [.init("null label", 2)],
            scores: [
                .init("matthews", 0.7, .init(0.6, 0.8)), .init("accuracy", 0.75, .init(0.7, 0.8)),
                .init("weighted_f1", 0.5, nil, isHeadline: false), .init("loss", .nan, nil, isShare: false),
            ],
            classes: names.enumerated().map { i, name in
                .init(
                    label: name, precision: 0.5, recall: 0.5, f1: 1 - Double(i) / Double(classes), support: 31,
                    predicted: 31, isKnown: i > 0)
            },
            matrix: HeatMap("True and predicted classes", labels: shown, counts: counts),
            confusions: [.init(gold: names[0], predicted: names[1], count: 31)],
            mistakes: [
                .init(
                    line: 7, gold: names[0], predicted: names[1], measure: 0.01,
                    text: "a <b> text\nof two lines")
            ],
            settings: [Setting("bundle", "g.h5")])
    }

    @Test func theMetricComesFirstAndEveryRowIsAccountedFor() {
        let text = report(classes: 3).text()
        #expect(
            text.hasPrefix(
                "game test: Matthews correlation .700 [.600, .800], accuracy .750 [.700, .800], loss NaN on 93 texts"))
        #expect(text.contains("3 of 93 rows have a label that the head does not know"))
        #expect(text.contains("2 rows were skipped and are not scored: null label"))
        #expect(text.contains("true ↓ predicted →"))
    }

    @Test(arguments: [60, 100, 160]) func manyClassesFitATerminal(width: Int) {
        let text = report(classes: 150).text(on: Terminal(width: width))
        let lines = text.split(separator: "\n")
        #expect(lines.count < 50)
        for line in lines { #expect(DisplayWidth.of(String(line)) <= width, "\(line)") }
        #expect(text.contains("class 149") && text.contains("The 12 of 150 classes with the lowest F1"))
    }

    @Test(arguments: [3, 150]) func thePageIsWellFormed(classes: Int) {
        for hostile in [false, true] {
            let page = report(classes: classes, hostile: hostile).page()
            let html = page.html()
            let lines = html.split(separator: "\n", omittingEmptySubsequences: false).map { line in
                line.hasPrefix("<meta") ? line.dropLast() + "/>" : line
            }
            let xml = lines.dropFirst().joined(separator: "\n").replacingOccurrences(of: "<br>", with: "<br/>")
            #expect(xmlFault(xml) == nil)
            #expect(!html.contains("<script") && !html.unicodeScalars.contains("\u{1B}"))
            #expect(html.contains("Largest errors"))
            #expect(page.markdown().contains("True and predicted classes"))
        }
    }

    /// Numbers have no classes, and an undefined correlation is reported as undefined.
    @Test func numbersHaveNoClasses() throws {
        let report = EvaluationReport(
            task: "sts", split: "dev", examples: 2, unknownLabels: 0, skipped: [],
            scores: [.init("pearson", .nan, .init(.nan, .nan)), .init("mse", 1.5, .init(1, 2), isShare: false)],
            classes: [], mistakes: [.init(line: 3, gold: "4.5", predicted: "1", measure: 3.5, text: "a | b")],
            mistakeMeasure: "error", mistakeOrder: "Largest absolute error first", truncated: 0, settings: [])
        let text = report.text()
        #expect(
            text.hasPrefix(
                "sts dev: Pearson correlation undefined, mean squared error 1.500 [1.000, 2.000] on 2 texts"))
        #expect(text.contains("error") && !text.contains("precision") && !text.contains("nan"))
        let html = report.page().html()
        #expect(html.contains("Largest absolute error first") && !html.contains("Confusions"))
        // A line's number stands under its heading
        #expect(
            html.contains("<th scope=\"col\" class=\"n\">line</th>") && html.contains("<th scope=\"row\" class=\"n\">"))
    }

    /// Tags: entity types have a table, and truncated texts are reported.
    @Test func entityTypesHaveATable() {
        var report = report(classes: 2)
        (report.matrix, report.confusions, report.classNoun, report.truncated) = (nil, [], "entity type", 4)
        let text = report.text()
        #expect(text.contains("entity type") && text.contains("4 of 62 texts are longer than the maximum length"))
        #expect(report.page().markdown().contains("Entity types"))
    }

    @Test func writePage() throws {
        guard let folder = ProcessInfo.processInfo.environment["AMALGAM_EXAMPLE_REPORT"] else { return }
        for classes in [3, 12, 150] {
            try Data(report(classes: classes).page().html().utf8).write(
                to: URL(fileURLWithPath: folder).appendingPathComponent("evaluation-\(classes).html"))
        }
    }
}
