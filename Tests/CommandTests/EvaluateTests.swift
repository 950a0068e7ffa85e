import Foundation
import Testing

/// `evaluate` as scripts and people use it.
@Suite(.serialized, .timeLimit(.minutes(5))) struct EvaluateTests {
    private func lab(yaml: [String] = [], test: [String]? = nil) throws -> Lab {
        let lab = try Lab()
        try lab.task(
            "game", train: Lab.rows(60, seed: 1), dev: Lab.rows(20, seed: 2), test: test ?? Lab.rows(20, seed: 3))
        try lab.write("game.yaml", ["kind: text-classification", "data: game"] + yaml)
        return lab
    }

    private func train(_ lab: Lab, _ arguments: [String] = []) throws -> Lab.Run {
        let run = try lab.run(
            [
                "train-adapter", "--model", "@tiny", "--task", "@game.yaml", "--out", "@g.h5", "--epochs", "3", "--lr",
                "1e-2",
            ] + arguments)
        try #require(run.status == 0, "\(run.words)")
        return run
    }

    private func evaluate(_ lab: Lab, _ arguments: [String] = []) throws -> Lab.Run {
        try lab.run(["evaluate", "--model", "@tiny", "--task", "@game.yaml", "--bundle", "@g.h5"] + arguments)
    }

    /// Unknown labels count as wrong, and rows without a label are skipped and counted.
    @Test func everyRowIsAccountedFor() throws {
        let stranger = [Lab.row("ba be", "Köln"), Lab.row("gi lo", "Köln"), Lab.row("gi", "Rom")]
        let lab = try lab(test: Lab.rows(17, seed: 3) + stranger + ["{\"text\": \"ba\", \"label\": null}"])
        _ = try train(lab, ["--quiet"])
        let all = try evaluate(lab, ["--json"]).json()
        #expect(
            Set(all.keys).isSuperset(of: [
                "task", "kind", "split", "examples", "skipped", "unknown_labels", "metric", "metrics", "intervals",
                "bundle", "per_class", "confusion",
            ]))
        #expect(all["examples"] as? Int == 20 && all["unknown_labels"] as? Int == 3)
        #expect(all["kind"] as? String == "text-classification" && all["metric"] as? String == "accuracy")
        let skipped = try #require(all["skipped"] as? [String: Any])
        #expect(skipped["count"] as? Int == 1)
        #expect(skipped["reasons"] as? [String: Int] == ["null label": 1])
        let known = try evaluate(lab, ["--json", "--skip-unknown-labels"]).json()
        #expect(known["examples"] as? Int == 17 && known["unknown_labels"] as? Int == 0)
        let (a, b) = (
            try #require(all["metrics"] as? [String: Double]), try #require(known["metrics"] as? [String: Double])
        )
        #expect(
            Set(a.keys) == [
                "accuracy", "macro_f1", "micro_f1", "weighted_f1", "matthews", "expected_calibration_error", "loss",
            ]
                && Set((all["intervals"] as? [String: [Double]])?.keys.map { $0 } ?? []) == Set(a.keys))
        #expect(abs((a["accuracy"] ?? 0) * 20 - (b["accuracy"] ?? 0) * 17) < 1e-9)
        #expect(a["loss"] == b["loss"])
        let confusion = try #require(all["confusion"] as? [String: Any])
        let counts = try #require(confusion["counts"] as? [[Int]])
        #expect((confusion["labels"] as? [String])?.suffix(2) == ["Köln", "Rom"])
        #expect(counts.joined().reduce(0, +) == 20 && counts.map { $0[3] + $0[4] }.reduce(0, +) == 0)
        let people = try evaluate(lab)
        #expect(people.output.contains("3 of 20 rows have a label that the head does not know"), "\(people.words)")
        #expect(people.output.contains("1 row was skipped"), "\(people.words)")
    }

    /// The task's own metric comes first wherever a score is shown.
    @Test func theTasksMetricComesFirst() throws {
        let lab = try lab(yaml: ["metric: matthews"])
        let training = try train(lab)
        #expect(training.output.contains("game: dev Matthews correlation "), "\(training.words)")
        #expect(training.errors.contains("epoch 1: dev game Matthews correlation "), "\(training.words)")
        let again = try train(lab, ["--json", "--quiet"]).json()
        #expect(again["metric"] as? String == "matthews")
        #expect((again["dev"] as? [String: Any])?["matthews"] is Double)
        let result = try evaluate(lab)
        #expect(result.output.hasPrefix("game test: Matthews correlation "), "\(result.words)")
        #expect(try evaluate(lab, ["--json"]).json()["metric"] as? String == "matthews")
    }

    @Test func predictionsAndReportAreWritten() throws {
        let lab = try lab(test: Lab.rows(20, seed: 3) + [Lab.row("ba, \\\"be\\\"", "Köln")])
        _ = try train(lab, ["--quiet"])
        let run = try evaluate(lab, ["--predictions", "@p.jsonl", "--report", "@r.html"])
        #expect(run.status == 0, "\(run.words)")
        let lines = String(decoding: try lab.data("p.jsonl"), as: UTF8.self).split(separator: "\n")
        let rows = try lines.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(rows.count == 21)
        #expect(rows[0]["gold"] as? String == "Köln" && rows[0]["gold_probability"] as? Double == 0)
        let probabilities = rows.compactMap { $0["gold_probability"] as? Double }
        #expect(probabilities.count == 21 && probabilities == probabilities.sorted())
        #expect(Set(rows.compactMap { $0["line"] as? Int }) == Set(1...21))
        let csv = try evaluate(lab, ["--predictions", "@p.csv"])
        #expect(csv.status == 0, "\(csv.words)")
        #expect(String(decoding: try lab.data("p.csv"), as: UTF8.self).contains("21,Köln,"))
        let page = String(decoding: try lab.data("r.html"), as: UTF8.self)
        for words in ["game, test", "Largest errors", "True and predicted classes", "Köln"] {
            #expect(page.contains(words), "\(words)")
        }
        let wrong = try evaluate(lab, ["--predictions", "@p.xlsx"])
        #expect(wrong.status == 64 && wrong.errors.contains("--predictions: found"), "\(wrong.words)")
    }
}
