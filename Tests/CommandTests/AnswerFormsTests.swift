import Foundation
import Testing

/// Tags and numbers from training to prediction, as scripts use them.
@Suite(.serialized, .timeLimit(.minutes(10))) struct AnswerFormsTests {
    private func rows(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    /// Words with tags: `gi` begins an entity that a following `lo` continues.
    private func tagged(_ count: Int, seed: UInt64, plain: Bool = false) -> [String] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func draw(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        return (0..<count).map { _ in
            let words = (0..<4 + draw(6)).map { _ in ["gi", "lo", "ba", "be", "ma"][draw(5)] }
            let tags = words.indices.map { i in
                plain
                    ? (words[i] == "gi" ? "NOUN" : "VERB")
                    : words[i] == "gi" ? "B-É" : words[i] == "lo" && i > 0 && words[i - 1] == "gi" ? "I-É" : "O"
            }
            func list(_ texts: [String]) -> String { "[" + texts.map { "\"\($0)\"" }.joined(separator: ",") + "]" }
            return "{\"tokens\": \(list(words)), \"tags\": \(list(tags))}"
        }
    }

    private func train(_ lab: Lab, _ task: String, _ arguments: [String] = []) throws -> Lab.Run {
        let run = try lab.run(
            [
                "train-adapter", "--model", "@tiny", "--task", "@\(task)", "--out", "@\(task).h5", "--epochs", "4",
                "--lr", "1e-2",
            ] + arguments)
        try #require(run.status == 0, "\(run.words)")
        return run
    }

    private func evaluate(_ lab: Lab, _ task: String, _ arguments: [String] = []) throws -> Lab.Run {
        try lab.run(
            ["evaluate", "--model", "@tiny", "--task", "@\(task)", "--bundle", "@\(task).h5"] + arguments)
    }

    @Test func tagging() throws {
        let lab = try Lab()
        let long = Array(repeating: "gi", count: 40)
        let list = "[" + long.map { "\"\($0)\"" }.joined(separator: ",") + "]"
        let tags = "[" + long.map { _ in "\"B-É\"" }.joined(separator: ",") + "]"
        try lab.task(
            "ner", train: tagged(80, seed: 1), dev: tagged(20, seed: 2),
            test: tagged(20, seed: 3) + ["{\"tokens\": \(list), \"tags\": \(tags)}"])
        let training = try train(lab, "ner", ["--max-length", "24"])
        #expect(training.output.contains("ner: dev entity F1 "), "\(training.words)")

        let result = try evaluate(lab, "ner", ["--json"]).json()
        #expect(result["kind"] as? String == "tagging" && result["metric"] as? String == "entity_f1")
        let metrics = try #require(result["metrics"] as? [String: Double])
        #expect(Set(metrics.keys) == ["entity_f1", "token_accuracy", "loss"])
        #expect(Set((result["intervals"] as? [String: [Double]])?.keys.map { $0 } ?? []) == Set(metrics.keys))
        #expect(result["examples"] as? Int == 21 && result["truncated"] as? Int == 1)
        #expect((result["per_entity"] as? [[String: Any]])?.compactMap { $0["label"] as? String } == ["É"])
        #expect((metrics["token_accuracy"] ?? 0) > 0.7, "\(metrics)")
        let people = try evaluate(lab, "ner", ["--report", "@r.html", "--predictions", "@p.jsonl"])
        #expect(people.output.hasPrefix("ner test: entity F1 "), "\(people.words)")
        #expect(people.output.contains("1 of 21 texts is longer than the maximum length"), "\(people.words)")
        let listed = try rows(String(decoding: try lab.data("p.jsonl"), as: UTF8.self))
        #expect(listed.count == 21 && listed[0]["errors"] as? Int ?? 0 > 0)
        #expect(listed.allSatisfy { Set($0.keys) == ["line", "gold", "tags", "errors", "tokens"] })

        let input = """
            {"tokens": ["gi", "lo", "ba"], "id": 7}
            {"text": "gi  lo ba"}
            {"tokens": []}
            {"tokens": \(list)}
            """
        func predict(_ arguments: [String], input: String = input) throws -> Lab.Run {
            try lab.run(["predict", "--model", "@tiny", "--bundle", "@ner.h5"] + arguments, input: input)
        }
        let run = try predict(["--keep", "id"])
        let found = try rows(run.output)
        #expect(found.count == 4, "\(run.words)")
        #expect(Set(found[0].keys) == ["line", "tokens", "tags", "id"] && found[0]["id"] as? Int == 7)
        #expect(found[1]["tokens"] as? [String] == ["gi", "lo", "ba"])
        #expect(found[1]["tags"] as? [String] == found[0]["tags"] as? [String])
        #expect((found[2]["tags"] as? [String]) == [])
        let truncated = try #require(found[3]["tags"] as? [String])
        #expect(truncated.count == 40 && truncated.last == "O" && truncated.first != "O", "\(truncated)")
        #expect(run.errors.contains("1 of 4 texts is longer than the maximum length"), "\(run.words)")
        let csv = try predict(["--output-format", "csv"], input: "gi lo ba\n")
        let cell = #""[""gi"",""lo"",""ba""]""#
        #expect(csv.output.hasPrefix("line,tokens,tags\n1,\(cell),\"["), "\(csv.words)")
        #expect(
            csv.output.hasSuffix("]\"\n") && csv.output.components(separatedBy: "\"\",\"\"").count == 5, "\(csv.words)")
        let refused = try predict(["--top-k", "2"])
        #expect(refused.status == 64 && refused.errors.contains("--top-k: found 2"), "\(refused.words)")
        let bad = try predict([], input: "{\"tokens\": [1]}\n")
        #expect(
            bad.status == 65 && bad.errors.contains("'tokens' is a list with an integer; expected a list of strings"),
            "\(bad.words)")
    }

    /// Plain tags have no entities: the share of right words is the metric, unless the YAML names another.
    @Test func plainTags() throws {
        let lab = try Lab()
        try lab.task(
            "pos", train: tagged(60, seed: 4, plain: true), dev: tagged(20, seed: 5, plain: true),
            test: tagged(20, seed: 6, plain: true))
        let training = try train(lab, "pos", ["--json", "--quiet"]).json()
        #expect(training["metric"] as? String == "token_accuracy")
        let result = try evaluate(lab, "pos", ["--json"]).json()
        #expect(result["metric"] as? String == "token_accuracy")
        #expect((result["per_tag"] as? [[String: Any]])?.compactMap { $0["label"] as? String } == ["NOUN", "VERB"])
        let long = try lab.run(
            ["predict", "--model", "@tiny", "--bundle", "@pos.h5", "--max-length", "8"],
            input: Array(repeating: "gi", count: 20).joined(separator: " ") + "\n")
        let tags = try #require(try rows(long.output).first?["tags"] as? [Any])
        #expect(tags.count == 20 && tags.first is String && tags.last is NSNull, "\(long.words)")
        let people = try evaluate(lab, "pos")
        #expect(people.output.hasPrefix("pos test: token accuracy ") && !people.output.contains("entity F1"))
        let ablation = try lab.run([
            "ablate", "--model", "@tiny", "--tasks", "@pos", "--out", "@out", "--quick", "--arms", "majority", "tfidf",
            "head", "--json",
        ])
        let scores = try #require(try ablation.json()["rows"] as? [[String: Any]])
        #expect(scores.allSatisfy { $0["metric"] as? String == "token_accuracy" })
        let byArm = Dictionary(
            uniqueKeysWithValues: scores.map { ($0["arm"] as? String ?? "", $0["score"] as? Double) })
        #expect(byArm["tfidf"] == 1, "each word has one tag")
        let report = String(decoding: try lab.data("out/report.md"), as: UTF8.self)
        #expect(report.contains("most frequent tag per word") && report.contains("token accuracy"))
    }

    @Test func regression() throws {
        let lab = try Lab()
        // A pair's number is how often `gi` is in the second text
        func pairs(_ count: Int, seed: Int) -> [String] {
            (0..<count).map { i in
                let n = (i * 7 + seed) % 5
                let text = (Array(repeating: "gi", count: n) + ["ba", "be", "ma"].prefix(1 + i % 3)).joined(
                    separator: " ")
                return "{\"text_a\": \"lo ba\", \"text_b\": \"\(text)\", \"score\": \(Double(n) * 100 - 7)}"
            }
        }
        try lab.task("sts", train: pairs(80, seed: 1), dev: pairs(20, seed: 2), test: pairs(20, seed: 3))
        let training = try train(lab, "sts")
        #expect(training.output.contains("sts: dev Pearson correlation "), "\(training.words)")
        let result = try evaluate(lab, "sts", ["--json"]).json()
        #expect(result["kind"] as? String == "regression" && result["metric"] as? String == "pearson")
        let metrics = try #require(result["metrics"] as? [String: Double])
        #expect(Set(metrics.keys).isSuperset(of: ["pearson", "spearman", "mse", "loss"]))
        #expect((metrics["pearson"] ?? 0) > 0.5, "\(metrics)")
        let people = try evaluate(lab, "sts", ["--report", "@r.html", "--predictions", "@p.csv"])
        #expect(people.status == 0 && people.output.hasPrefix("sts test: Pearson correlation "), "\(people.words)")
        let csv = String(decoding: try lab.data("p.csv"), as: UTF8.self)
        #expect(csv.hasPrefix("line,gold,score,error,text_a,text_b\n"))

        let run = try lab.run(
            ["predict", "--model", "@tiny", "--bundle", "@sts.h5"],
            input: "{\"text_a\": \"lo ba\", \"text_b\": \"gi gi\"}\n")
        let found = try rows(run.output)
        #expect(Set(found[0].keys) == ["line", "score"], "\(run.words)")
        #expect((found[0]["score"] as? Double).map { (-200...600).contains($0) } == true, "\(run.words)")
        let refused = try lab.run([
            "predict", "--model", "@tiny", "--bundle", "@sts.h5", "--threshold", "0.5",
        ])
        #expect(refused.status == 64 && refused.errors.contains("this head predicts numbers"), "\(refused.words)")
    }

    /// Several numbers, some of them missing; and gold values that are constant, so that correlations are undefined.
    @Test func severalNumbersAndUndefinedScores() throws {
        let lab = try Lab()
        func texts(_ count: Int, constant: Bool = false) -> [String] {
            (0..<count).map { i in
                let n = i % 4
                let text = (Array(repeating: "gi", count: n) + ["ba"]).joined(separator: " ")
                let score = constant ? "[1, 2]" : i % 5 == 4 ? "[null, \(n)]" : "[\(n), \(-n)]"
                return "{\"text\": \"\(text)\", \"score\": \(score)}"
            }
        }
        try lab.task("two", train: texts(60), dev: texts(20), test: texts(10, constant: true))
        _ = try train(lab, "two", ["--quiet"])
        let dev = try evaluate(lab, "two", ["--json", "--split", "dev"]).json()
        #expect((dev["metrics"] as? [String: Any])?["pearson"] is Double)
        let run = try evaluate(lab, "two", ["--json"])
        let metrics = try #require(try run.json()["metrics"] as? [String: Any])
        #expect(
            metrics["pearson"] is NSNull && metrics["spearman"] is NSNull && metrics["mse"] is Double, "\(run.words)")
        let people = try evaluate(lab, "two")
        #expect(people.output.hasPrefix("two test: Pearson correlation undefined"), "\(people.words)")
        let predicted = try lab.run(["predict", "--model", "@tiny", "--bundle", "@two.h5"], input: "gi ba\n")
        #expect((try rows(predicted.output)[0]["score"] as? [Double])?.count == 2, "\(predicted.words)")
        try lab.write("one.jsonl", ["{\"text\": \"gi\", \"score\": 1}"])
        try lab.write("one.yaml", ["kind: regression", "data: {test: one.jsonl}"])
        let other = try lab.run([
            "evaluate", "--model", "@tiny", "--task", "@one.yaml", "--bundle", "@two.h5",
        ])
        #expect(other.status == 65 && other.errors.contains("predicts 2 numbers, but line 1 has 1"), "\(other.words)")
    }

    /// A dev split on which the metric is undefined in every epoch: training ends, and an epoch is kept.
    @Test func trainingSurvivesAnUndefinedMetric() throws {
        let lab = try Lab()
        try lab.task(
            "t", train: (0..<24).map { "{\"text\": \"gi\", \"score\": \($0 % 3)}" },
            dev: (0..<6).map { _ in "{\"text\": \"gi ba\", \"score\": 1}" })
        let run = try train(lab, "t", ["--json", "--quiet"])
        let dev = try #require(try run.json()["dev"] as? [String: Any])
        #expect(dev["pearson"] is NSNull && dev["mse"] is Double, "\(run.words)")
    }
}
