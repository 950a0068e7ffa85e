import Foundation
import Testing

/// What strangers' data look like, from the command's side: what it trains on, what it says, and how it ends.
@Suite(.timeLimit(.minutes(5))) struct DataFormTests {
    private func train(_ lab: Lab, _ task: String, _ more: [String] = []) throws -> Lab.Run {
        try lab.run(
            [
                "train-adapter", "--model", "@tiny", "--task", "@\(task)", "--out", "@\(task).h5", "--epochs", "1",
                "--quiet", "--json",
            ]
                + more)
    }

    private func evaluate(_ lab: Lab, _ task: String, bundle: String, _ more: [String] = []) throws -> Lab.Run {
        try lab.run(
            ["evaluate", "--model", "@tiny", "--task", "@\(task)", "--bundle", "@\(bundle).h5", "--json"] + more)
    }

    private func fields(_ run: Lab.Run) throws -> [String: Any] {
        let line = run.output.split(separator: "\n").last.map(String.init) ?? ""
        return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(run.words)")
    }

    @Test func rowsWithAnUnknownLabelAreInTheScoreUnlessTheyAreSkipped() throws {
        let lab = try Lab()
        let rows = Lab.rows(40, seed: 1)
        let strange = (0..<6).map { Lab.row("bi do \($0)", "mixed") }
        try lab.task(
            "t", train: rows, dev: Array(rows.prefix(10)),
            test: Array(rows.prefix(6)) + strange + ["{\"text\": \"x\", \"label\": null}"])
        let trained = try train(lab, "t")
        try #require(trained.status == 0, "\(trained.words)")
        #expect(
            trained.errors.contains("6 of 13 rows of test have a label that")
                && trained.errors.contains("they count as wrong"))
        let data = try #require(try fields(trained)["data"] as? [String: [String: [String: Any]]])
        let test = try #require(data["t"]?["test"])
        #expect(test["rows"] as? Int == 13 && test["examples"] as? Int == 12 && test["unknown_labels"] as? Int == 6)
        #expect((test["skipped"] as? [String: Any])?["reasons"] as? [String: Int] == ["null label": 1])
        let all = try fields(try evaluate(lab, "t", bundle: "t"))
        #expect(all["examples"] as? Int == 12)
        let skipping = try fields(try evaluate(lab, "t", bundle: "t", ["--skip-unknown-labels"]))
        #expect(skipping["examples"] as? Int == 6)
        let strict = try evaluate(lab, "t", bundle: "t", ["--strict-labels"])
        #expect(
            strict.status == 65 && strict.errors.contains("label 'mixed' is not a label of the head in"),
            "\(strict.words)")
        let log = try JSONSerialization.jsonObject(with: lab.data("t.run.json")) as? [String: Any]
        #expect(log?["data"] != nil)
    }

    @Test func aTestSplitWithoutLabelsDoesNotStopTraining() throws {
        let lab = try Lab()
        let rows = Lab.rows(40, seed: 2)
        try lab.task("t", train: rows, dev: Array(rows.prefix(10)), test: ["{\"text\": \"bi do\", \"label\": -1}"])
        let trained = try train(lab, "t")
        #expect(trained.status == 0 && trained.errors.contains("the test split cannot be scored"), "\(trained.words)")
        let scored = try evaluate(lab, "t", bundle: "t")
        #expect(
            scored.status == 65
                && scored.errors.contains("test.jsonl: the test split cannot be scored: its one label is -1"),
            "\(scored.words)")
    }

    @Test func otherLabelsAreTheBundlesMatter() throws {
        let lab = try Lab()
        let rows = Lab.rows(40, seed: 3)
        try lab.task("t", train: rows)
        try lab.task("stars", train: [Lab.row("a", "five")], test: [Lab.row("a", "five"), Lab.row("b", "one")])
        let trained = try train(lab, "t")
        try #require(trained.status == 0, "\(trained.words)")
        let scored = try evaluate(lab, "stars", bundle: "t")
        #expect(
            scored.status == 65 && scored.errors.contains("label 'five' is not a label of the head in")
                && scored.errors.contains("t.h5, which knows"), "\(scored.words)")
    }

    @Test func otherNamesAndFormsOfFiles() throws {
        let lab = try Lab()
        let rows = Lab.rows(40, seed: 4)
        try lab.write("a/train.json", ["[" + rows.joined(separator: ",") + "]"])
        try lab.write("a/validation.json", ["{\"data\": [" + rows.prefix(10).joined(separator: ",") + "]}"])
        let trained = try train(lab, "a")
        #expect(trained.status == 0 && !trained.errors.contains("no dev split"), "\(trained.words)")
        try lab.write("a/dev.jsonl", Array(rows.prefix(5)))
        let twice = try train(lab, "a")
        #expect(
            twice.status == 66 && twice.errors.contains("both dev.jsonl and validation.json are the dev split"),
            "\(twice.words)")
        let file = try train(lab, "a/train.json")
        #expect(file.status == 65 && file.errors.contains("a data file, not a task"), "\(file.words)")
    }

    /// A file that is sorted by label: the first rows have one class.
    @Test func quickComparisonsSampleAllClasses() throws {
        let lab = try Lab()
        let rows = Lab.rows(200, seed: 5).sorted { $0.suffix(12) < $1.suffix(12) }
        try lab.task("t", train: rows, dev: rows, test: rows)
        let run = try lab.run([
            "ablate", "--model", "@tiny", "--tasks", "@t", "--out", "@out", "--quick", "--arms", "majority", "tfidf",
            "--max-train",
            "40", "--max-dev", "20", "--max-test", "60", "--json",
        ])
        try #require(run.status == 0, "\(run.words)")
        #expect(run.errors.contains("sampled 40 of 200 training rows, stratified by label, seed 0"), "\(run.words)")
        let report = String(decoding: try lab.data("out/report.md"), as: UTF8.self)
        #expect(report.contains("sampled 60 of 200 test rows, stratified by label, seed 0"))
        let scores = try #require(try fields(run)["rows"] as? [[String: Any]])
        let accuracy = scores.reduce(into: [String: Double]()) { found, row in
            if let arm = row["arm"] as? String, let value = row["accuracy"] as? Double { found[arm] = value }
        }
        #expect((accuracy["tfidf"] ?? 0) > (accuracy["majority"] ?? 1), "\(accuracy)")
        let none = try lab.run(["ablate", "--model", "@tiny", "--tasks", "@t", "--out", "@out", "--max-train", "0"])
        #expect(none.status == 64 || none.status == 65, "\(none.words)")
    }
}
