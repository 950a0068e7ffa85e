import Foundation
import Testing

/// Sets of labels from training to prediction, as scripts use them.
@Suite(.serialized, .timeLimit(.minutes(10))) struct LabelSetCommandTests {
    private func objects(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    /// Texts that have the label of each key word in them; every sixth has none.
    private func rows(_ count: Int, seed: UInt64) -> [String] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func draw(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        return (0..<count).map { i in
            let keys = [("gi", "größer"), ("lo", "b"), ("ma", "c")].filter { _ in i % 6 != 0 && draw(2) == 0 }
            let words = keys.map(\.0) + (0..<3 + draw(3)).map { _ in ["ba", "be", "de"][draw(3)] }
            let labels = keys.map { "\"\($0.1)\"" }.joined(separator: ", ")
            return "{\"text\": \"\(words.joined(separator: " "))\", \"labels\": [\(labels)], \"id\": \(i)}"
        }
    }

    @Test func fromTrainingToPrediction() throws {
        let lab = try Lab()
        try lab.task(
            "moods", train: rows(120, seed: 1), dev: rows(60, seed: 2),
            test: rows(40, seed: 3) + [
                #"{"text": "gi", "labels": ["größer", "new"]}"#, #"{"text": "gi", "labels": null}"#,
            ])
        let training = try lab.run([
            "train-adapter", "--model", "@tiny", "--task", "@moods", "--out", "@moods.h5", "--epochs", "6", "--lr",
            "1e-2", "--json",
        ])
        let trained = try training.json()
        #expect(trained["metric"] as? String == "micro_f1", "\(training.words)")

        let result = try lab.run(
            ["evaluate", "--model", "@tiny", "--task", "@moods", "--bundle", "@moods.h5", "--json"]
        ).json()
        #expect(result["kind"] as? String == "multi-label-classification")
        let metrics = try #require(result["metrics"] as? [String: Double])
        #expect(Set(metrics.keys) == ["micro_f1", "macro_f1", "weighted_f1", "subset_accuracy", "loss"])
        #expect(Set((result["intervals"] as? [String: [Double]])?.keys.map { $0 } ?? []) == Set(metrics.keys))
        #expect((metrics["micro_f1"] ?? 0) > 0.7, "\(metrics)")
        #expect(result["examples"] as? Int == 41 && result["unknown_labels"] as? Int == 1)
        #expect((result["skipped"] as? [String: Any])?["count"] as? Int == 1)
        let labels = try #require(result["per_label"] as? [[String: Any]])
        #expect(labels.compactMap { $0["label"] as? String } == ["b", "c", "größer", "new"])
        #expect(labels.map { $0["known"] as? Bool } == [true, true, true, false] && result["confusion"] == nil)

        let people = try lab.run(
            [
                "evaluate", "--model", "@tiny", "--task", "@moods", "--bundle", "@moods.h5", "--report", "@r.html",
                "--predictions", "@p.jsonl",
            ])
        #expect(people.output.hasPrefix("moods test: micro-F1 "), "\(people.words)")
        let listed = try objects(String(decoding: try lab.data("p.jsonl"), as: UTF8.self))
        #expect(listed.count == 41)
        #expect(listed.allSatisfy { Set($0.keys) == ["line", "gold", "labels", "errors", "text", "probabilities"] })
        let errors = listed.compactMap { $0["errors"] as? Int }
        #expect(errors == errors.sorted(by: >) && errors[0] > 0)
        let inspected = try lab.run(["inspect", "@moods.h5"])
        #expect(inspected.output.contains("any of 3 labels"), "\(inspected.words)")
    }

    /// The thresholds that were chosen on dev are in the bundle; `--threshold` replaces them.
    @Test func thresholds() throws {
        let lab = try Lab()
        try lab.task("moods", train: rows(120, seed: 4), dev: rows(80, seed: 5))
        let run = try lab.run([
            "train-adapter", "--model", "@tiny", "--task", "@moods", "--out", "@a.h5", "--epochs", "1", "--lr", "1e-3",
            "--json", "--quiet",
        ])
        let trained = try run.json()
        let input = "{\"text\": \"gi ba\"}\n{\"text\": \"\"}\n"
        func predict(_ more: [String]) throws -> Lab.Run {
            try lab.run(["predict", "--model", "@tiny", "--bundle", "@a.h5"] + more, input: input)
        }
        let found = try objects(try predict([]).output)
        #expect(found.count == 2 && found.allSatisfy { Set($0.keys) == ["line", "labels", "probabilities"] })
        let all = try objects(try predict(["--threshold", "1e-9"]).output)
        #expect(all.map { ($0["labels"] as? [String])?.count } == [3, 3])
        #expect(
            try objects(try predict(["--threshold", "1"]).output).map { ($0["labels"] as? [String])?.count } == [0, 0])
        let probabilities = try #require(found[0]["probabilities"] as? [String: Double])
        #expect(Set(probabilities.keys) == ["b", "c", "größer"])
        // The score on dev is that of the bundle, thresholds included
        let dev = try lab.run([
            "evaluate", "--model", "@tiny", "--task", "@moods", "--bundle", "@a.h5", "--split", "dev", "--json",
        ])
        let metrics = try #require(try dev.json()["metrics"] as? [String: Double])
        #expect(((trained["dev"] as? [String: Any])?["micro_f1"] as? Double) == metrics["micro_f1"], "\(trained)")
        let csv = try predict(["--output-format", "csv", "--threshold", "1e-9"])
        #expect(
            csv.output.hasPrefix(
                "line,labels,probability_b,probability_c,probability_größer\n1,\"[\"\"b\"\",\"\"c\"\",\"\"größer\"\"]\","
            ),
            "\(csv.words)")
        let refused = try predict(["--top-k", "2"])
        #expect(refused.status == 64 && refused.errors.contains("--top-k: found 2"), "\(refused.words)")
    }

    /// Fusion, baselines and a comparison of arms work as for other kinds.
    @Test func fuseAndAblate() throws {
        let lab = try Lab(adapters: [("game", "game", [])])
        try lab.task("moods", train: rows(60, seed: 6), dev: rows(30, seed: 7), test: rows(30, seed: 8))
        let fused = try lab.run([
            "fuse", "--model", "@tiny", "--task", "@moods", "--adapters", "@game.h5", "--out", "@f.h5", "--epochs", "2",
            "--json", "--quiet",
        ])
        #expect(try fused.json()["metric"] as? String == "micro_f1", "\(fused.words)")
        let ablation = try lab.run([
            "ablate", "--model", "@tiny", "--tasks", "@moods", "--out", "@out", "--quick", "--arms", "majority",
            "tfidf",
            "head", "--json",
        ])
        let scores = try #require(try ablation.json()["rows"] as? [[String: Any]], "\(ablation.words)")
        let byArm = Dictionary(
            uniqueKeysWithValues: scores.map { ($0["arm"] as? String ?? "", $0["score"] as? Double ?? -1) })
        #expect((byArm["tfidf"] ?? 0) > 0.9 && (byArm["majority"] ?? 1) < 0.5, "\(byArm)")
    }
}
