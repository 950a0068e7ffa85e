import Foundation
import Testing

/// Each subcommand of amalgam-benchmark at the smallest size; SoakTests has `soak`.
@Suite(.serialized, .timeLimit(.minutes(3))) struct BenchmarkToolTests {
    private func fields(_ run: Lab.Run) throws -> [String: Any] {
        try #require(run.status == 0, "\(run.words)")
        let json = try? JSONSerialization.jsonObject(with: Data(run.output.utf8))
        return try #require(json as? [String: Any], "\(run.words)")
    }

    private func number(_ fields: [String: Any], _ name: String) throws -> Double {
        let value = try #require((fields[name] as? NSNumber)?.doubleValue, "\(name) in \(fields)")
        #expect(value > 0 && value.isFinite, "\(name) is \(value)")
        return value
    }

    @Test func peak() throws {
        let found = try fields(
            Lab().run(["peak", "--threads", "1", "--seconds", "0.01"], of: "amalgam-benchmark"))
        _ = try number(found, "fp32")
        #expect(found["fp32_set"] is String && found["products"] is String)
    }

    /// All rows on the bundles that `init` writes. Without dropout, the first loss of a training is that of a prediction.
    @Test func rows() throws {
        let lab = try Lab()
        let start = try lab.run(
            ["init", "--model", "@tiny", "--out", "@start", "--adapters", "2", "--tags", "3", "--labels", "2", "3"],
            of: "amalgam-benchmark")
        try #require(start.status == 0, "\(start.words)")
        for task in 0..<2 {
            try lab.write(
                "t\(task).jsonl", (0..<6).map { "{\"text\": \"gi lo ma be \($0)\", \"label\": \($0 % (2 + task))}" })
        }
        try lab.write(
            "tags.jsonl", (0..<6).map { "{\"text\": \"gi lo, ma \($0)\", \"tags\": [0, 2, \($0 % 3), 1]}" })
        try lab.write(
            "spans.jsonl",
            (0..<6).map {
                #"{"question": "gi lo", "context": "ma be gi lo, be", "answers": [{"text": "lo, be", "start": 9}]}"#
                    .replacing("ma", with: $0 < 3 ? "ma" : "lo")
            })
        try lab.write("one.json", [#"[{"task":0,"rows":[0,1,2]},{"task":0,"rows":[3,4,5]},{"task":0,"rows":[0,5]}]"#])
        try lab.write("two.json", [#"[{"task":0,"rows":[0,1,2]},{"task":1,"rows":[3,4,5]},{"task":1,"rows":[0,5]}]"#])

        func losses(_ row: String, start: String? = nil, texts: String = "t0", more: [String] = []) throws -> [Double] {
            let isMultitask = row == "multitask_train"
            let found = try fields(
                lab.run(
                    ["row", row, "--model", "@tiny", "--texts", "@\(texts).jsonl"] + (isMultitask ? ["@t1.jsonl"] : [])
                        + ["--batches", isMultitask ? "@two.json" : "@one.json", "--skip", "1"]
                        + (start.map { ["--start", "@start/\($0).h5"] } ?? []) + more,
                    of: "amalgam-benchmark"))
            #expect(found["row"] as? String == row)
            for name in ["steps", "tokens", "seconds", "tokens_per_second", "gflops", "peak_memory_bytes"] {
                _ = try number(found, name)
            }
            let losses = try #require(found["losses"] as? [Any], "\(found)").compactMap {
                ($0 as? NSNumber)?.doubleValue
            }
            #expect(losses.count == 3 && losses.allSatisfy { $0 > 0 && $0.isFinite }, "\(row): \(losses)")
            return losses
        }
        for (training, prediction, start) in [
            ("adapter_train", "infer_adapter", "adapter"), ("fusion8_train", "infer_fusion8", "fusion"),
        ] {
            let trained = try losses(training, start: start, more: ["--dropout", "off"])
            let predicted = try losses(prediction, start: start)
            // Float32: frozen weights go through other products than trained ones
            #expect(
                abs(trained[0] - predicted[0]) <= 1e-5 * trained[0],
                "\(training): \(trained), \(prediction): \(predicted)")
            #expect(trained[2] != predicted[2])
        }
        _ = try losses("adapter_train_mean", start: "adapter")
        for (row, start) in [("lora_train", "lora"), ("prefix_train", "prefix")] {
            let trained = try losses(row, start: start, more: ["--dropout", "off"])
            #expect(trained[2] != trained[0])
        }
        // At first, the losses are near those of equal logits: ln 3 for three tags, ln 11 for the tokens of a window
        for (row, start, texts, equal) in [
            ("tagging_train", "tagging", "tags", log(3.0)), ("qa_train", "qa", "spans", log(11.0)),
        ] {
            let trained = try losses(row, start: start, texts: texts, more: ["--dropout", "off", "--lr", "1e-2"])
            #expect(abs(trained[0] - equal) < 0.5 && trained[2] < trained[0], "\(row): \(trained)")
        }
        _ = try losses("multitask_train", start: "multitask")
        _ = try losses("full_finetune", more: ["--threads", "1"])

        try lab.write("few.jsonl", [#"{"text": "gi lo", "tags": [0]}"#])
        for (row, texts, expected) in [
            ("tagging_train", "few", "with one tag for each word"), ("qa_train", "t0", "\"question\""),
        ] {
            let run = try lab.run(
                ["row", row, "--model", "@tiny", "--texts", "@\(texts).jsonl", "--batches", "@one.json"],
                of: "amalgam-benchmark")
            #expect(run.status != 0 && run.words.contains("line 1") && run.words.contains(expected), "\(run.words)")
        }
        let long = try lab.run(
            [
                "row", "qa_train", "--model", "@tiny", "--texts", "@spans.jsonl", "--batches", "@one.json",
                "--max-length", "10",
            ],
            of: "amalgam-benchmark")
        #expect(long.status != 0 && long.words.contains("more than 10 tokens"), "\(long.words)")
    }
}
