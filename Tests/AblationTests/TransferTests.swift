import Adapters
import Foundation
import Reporting
import Tasks
import Testing

@testable import Ablation

/// A small matrix made by hand: two tasks, three languages, methods that are right on a known part of the texts.
@Suite struct TransferTests {
    /// Texts in a cell.
    static let count = 200

    /// Right on the first `right` of a hundred texts, of two classes.
    private static func answers(_ gold: [Int], right: Int) -> [Int] {
        gold.enumerated().map { $0.offset % 100 < right ? $0.element : 1 - $0.element }
    }

    static func outcome(
        _ rights: [TransferMethod: Int], languages: [String] = ["en", "de", "fr"], groups: Bool = true
    ) throws -> TransferOutcome {
        let plan = TransferPlan(
            source: "en", targets: Array(languages.dropFirst()), tasks: ["role", "use"],
            configuration: try .resolve("seq_bn"), languageConfiguration: try .resolve("seq_bn"))
        var columns: [TransferColumn] = []
        for task in plan.tasks {
            for language in languages {
                let gold = (0..<count).map { ($0 / 3) % 2 }
                var column = TransferColumn(
                    task: task, language: language, groups: gold.indices.map { groups ? "package\($0)" : nil })
                for (method, right) in rights {
                    column.answers[method] = ClassAnswers(
                        predicted: answers(gold, right: right), gold: gold, classes: 2)
                }
                columns.append(column)
            }
        }
        let adapters = languages.map {
            TransferLanguage(
                language: $0, before: 25.5, after: 18.25, scored: 1234, bytes: 1_790_000, parameters: 447_000,
                tokens: 500_123, seconds: 130)
        }
        return TransferOutcome(plan: plan, columns: columns, languages: adapters, base: "e5")
    }

    private static let rights: [TransferMethod: Int] = [
        .majority: 50, .ownMajority: 50, .tfidf: 40, .ownTFIDF: 80, .otherBase: 60, .adapter: 80, .madx: 81,
        .madxSource: 81, .multitask: 95, .fusion: 90,
    ]

    @Test func saysWhatTheNumbersSay() throws {
        let report = try Self.outcome(Self.rights).report()
        func words(_ start: String) -> String? { report.verdicts.first { $0.text.hasPrefix(start) }?.text }
        #expect(report.verdicts.first?.text.contains("Best without labels in the target language: e5, MAD-X") == true)
        let base = try #require(words("The multilingual base beats the other base: +20.0 points ["))
        #expect(base.contains("clearly better on role (+20.0), use (+20.0)"), "\(base)")
        #expect(words("The plain adapter on the multilingual base beats TF-IDF trained on en") != nil)
        let own = try #require(
            words("The plain adapter, with labels in en only, does not beat TF-IDF trained on the target"))
        #expect(own.contains("+0.0 points [+0.0, +0.0], within the noise"), "\(own)")
        let kept = try #require(
            words("Switching to the target language's adapter does not beat keeping the adapter of en"))
        #expect(kept.contains("+0.0 points [+0.0, +0.0]") && kept.contains("within the noise on each task"), "\(kept)")
        #expect(words("Training one adapter on labels in all languages helps: +15.0 points") != nil)
        let fusion = try #require(
            words("Fusion of the languages' adapters does not beat one adapter for all languages: −5.0"))
        #expect(
            fusion.contains(", clearly worse;") && fusion.contains("; clearly worse on role (−5.0), use (−5.0)"),
            "\(fusion)")
        // One text in a hundred more: the same ones in every cell, so no resample has them lose
        #expect(report.languageVerdicts.count == 3)
        let german = try #require(
            report.languageVerdicts.first { $0.text.hasPrefix("The language adapter for de (1.8 MB, ") })
        #expect(german.text.contains("500,123 training tokens, 2 min 10 s) "), "\(german.text)")
        #expect(german.text.contains("+1.0 points ["), "\(german.text)")
        #expect(report.languageVerdicts[0].text.contains("Compared with keeping") == false)
    }

    @Test func aLanguageAdapterThatDoesNothingEarnsNothing() throws {
        for (right, word, kind) in [
            (80, "within the noise", "same"), (70, "does not help", "worse"), (90, "helps", "better"),
        ] {
            let report = try Self.outcome([.adapter: 80, .madx: right, .madxSource: 80]).report()
            let verdict = try #require(report.languageVerdicts.last)
            #expect(verdict.kind.rawValue == kind && verdict.text.contains(word), "\(verdict.text)")
        }
    }

    @Test func theSourceIsInNoMeanAndTheTargetsAre() throws {
        var outcome = try Self.outcome([.adapter: 80, .madx: 80])
        for i in outcome.columns.indices where outcome.columns[i].language == "en" {
            let gold = try #require(outcome.columns[i].answers[.adapter] as? ClassAnswers).gold
            outcome.columns[i].answers[.adapter] = ClassAnswers(predicted: gold, gold: gold, classes: 2)
        }
        let report = outcome.report()
        #expect(report.score("role", "en", .adapter)?.accuracy.value == 1)
        #expect(abs((report.mean("role", .adapter)?.accuracy.value ?? 0) - 0.8) < 1e-12)
        #expect(abs((report.mean(nil, .adapter)?.accuracy.value ?? 0) - 0.8) < 1e-12)
        #expect(report.mean(nil, .adapter)?.accuracyGain == nil)
        #expect(report.mean(nil, .madx)?.accuracyGain == PointsDifference(value: 0, low: 0, high: 0))
    }

    /// The same packages in both targets are one witness, not two: a mean over them is no surer than one of them.
    @Test func translationsOfAPackageAreOneWitness() throws {
        func width(groups: Bool) throws -> Double {
            let report = try Self.outcome([.adapter: 80], groups: groups).report()
            let mean = try #require(report.mean(nil, .adapter)?.accuracy)
            let interval = try #require(mean.interval)
            return interval.high - interval.low
        }
        // Four cells of the same answers: apart they would look twice as sure
        let (grouped, apart) = (try width(groups: true), try width(groups: false))
        #expect(grouped > 1.7 * apart && grouped < 2.3 * apart, "\(grouped), \(apart)")
    }

    @Test func pagesHaveEveryNumberAndGap() throws {
        var outcome = try Self.outcome(Self.rights)
        outcome.columns.removeAll { $0.task == "use" && $0.language == "fr" }
        outcome.warnings = ["role: 3 groups are in training and in the test of de"]
        let report = outcome.report()
        for page in [report.markdown(), report.html(), report.text()] {
            #expect(page.contains("role: 3 groups are in training and in the test of de"))
            #expect(page.contains("e5, one adapter for all languages"))
            #expect(page.contains("Budget per task and language: at most 1,000 labeled texts"))
        }
        let page = report.markdown()
        #expect(page.contains("fr no task"))
        for task in report.tasks { #expect(page.contains("## Task \(task)")) }
        for score in report.scores {
            #expect(page.contains(Reporting.Human.score(score.accuracy.value)))
        }
        #expect(page.contains("25.50") && page.contains("18.25") && page.contains("1,234"))
        // Every method in every task's two tables and the overview; a gap is a dash
        let label = "e5, fusion of the languages' adapters"
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| \(label)") }
        #expect(rows.count == 5)
        #expect(rows.count { $0.contains("| – ") || $0.contains(" – |") } == 2)
        let again = try JSONDecoder().decode(TransferReport.self, from: Data(try report.json().utf8))
        #expect(again == report)
    }

    @Test func whatDidNotRunIsInNoTable() throws {
        let report = try Self.outcome([.majority: 50, .adapter: 80]).report()
        #expect(report.methods.map(\.id) == [.majority, .adapter])
        #expect(!report.markdown().contains("MAD-X"))
        #expect(report.verdicts.count == 1)
    }

    /// A cell of nine groups has a score, and counts in no difference.
    @Test func fewGroupsHaveNoIntervals() throws {
        var outcome = try Self.outcome([.adapter: 80, .madx: 90])
        for i in outcome.columns.indices where outcome.columns[i].language == "de" {
            outcome.columns[i].groups = outcome.columns[i].groups.indices.map { "group\($0 % 9)" }
        }
        let report = outcome.report()
        let score = try #require(report.score("role", "de", .madx))
        #expect(score.accuracy.value == 0.9 && score.accuracy.interval == nil)
        #expect(report.score("role", "fr", .madx)?.accuracy.interval != nil)
        #expect(report.mean("role", .madx)?.accuracyGain?.isAbove == true)
        let words = try #require(report.warnings.first)
        #expect(words.hasPrefix("no intervals or differences for role in de, use in de: fewer than 10 "), "\(words)")
        let german = try #require(report.languageVerdicts.first { $0.text.contains("adapter for de") })
        #expect(german.kind == .note && german.text.contains("tested on too few texts"), "\(german.text)")
        // Nothing is left to compare
        for i in outcome.columns.indices { outcome.columns[i].groups = outcome.columns[i].groups.map { _ in "one" } }
        #expect(outcome.report().verdicts.map(\.kind) == [.note])
    }
}
