import Foundation
import Testing

/// Dependency parsing from a treebank to trees, as scripts use it.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ParsingCommandTests {
    private func rows(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    /// Sentences of a small language as CoNLL-U: `ba` is a determiner of the next word, `gi` a verb and the root, and what
    /// stands before or after it its subject or object.
    private func treebank(_ count: Int, seed: UInt64) -> [String] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func draw(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        return (0..<count).flatMap { number -> [String] in
            func noun() -> [String] { (draw(2) == 0 ? ["ba"] : []) + [["lo", "ma", "be"][draw(3)]] }
            let (subject, object) = (noun(), draw(3) == 0 ? [] : noun())
            let words = subject + ["gi"] + object
            let verb = subject.count + 1
            return ["# sent_id = \(number)"]
                + words.enumerated().map { place, word in
                    let (head, label) =
                        word == "ba"
                        ? (place + 2, "det") : word == "gi" ? (0, "root") : (verb, place + 1 < verb ? "nsubj" : "obj")
                    return "\(place + 1)\t\(word)\t_\tX\t_\t_\t\(head)\t\(label)\t_\t_"
                } + [""]
        }
    }

    private func lab() throws -> Lab {
        let lab = try Lab()
        try lab.write("ud/train.conllu", treebank(160, seed: 1))
        try lab.write("ud/dev.conllu", treebank(20, seed: 2))
        // One sentence is longer than the model reads
        let long = (1...40).map { "\($0)\tma\t_\tX\t_\t_\t\($0 - 1)\t\($0 == 1 ? "root" : "obj")\t_\t_" }
        try lab.write("ud/test.conllu", treebank(20, seed: 3) + long + [""])
        return lab
    }

    @Test func fromTreebankToTrees() throws {
        let lab = try lab()
        let training = try lab.run(
            [
                "train-adapter", "--model", "@tiny", "--task", "@ud", "--out", "@ud.h5", "--epochs", "8", "--lr",
                "1e-2", "--max-length", "24",
            ])
        try #require(training.status == 0, "\(training.words)")
        #expect(training.output.contains("ud: dev LAS "), "\(training.words)")

        func evaluate(_ arguments: [String]) throws -> Lab.Run {
            try lab.run(["evaluate", "--model", "@tiny", "--task", "@ud", "--bundle", "@ud.h5"] + arguments)
        }
        let result = try evaluate(["--json"]).json()
        #expect(result["kind"] as? String == "dependency-parsing" && result["metric"] as? String == "las")
        let metrics = try #require(result["metrics"] as? [String: Double])
        #expect(Set(metrics.keys) == ["las", "uas", "loss"])
        #expect(Set((result["intervals"] as? [String: [Double]])?.keys.map { $0 } ?? []) == Set(metrics.keys))
        #expect(result["examples"] as? Int == 21 && result["truncated"] as? Int == 1)
        let relations = (result["per_relation"] as? [[String: Any]])?.compactMap { $0["label"] as? String }
        #expect(relations == ["det", "nsubj", "obj", "root"])
        // Half of the words are in the long sentence, of which the end is truncated
        #expect((metrics["uas"] ?? 0) > 0.5 && (metrics["las"] ?? 1) <= metrics["uas"] ?? 0, "\(metrics)")
        let dev = try lab.run(
            ["evaluate", "--model", "@tiny", "--task", "@ud", "--bundle", "@ud.h5", "--split", "dev", "--json"]
        ).json()
        #expect(((dev["metrics"] as? [String: Double])?["las"] ?? 0) > 0.8, "\(dev["metrics"] as Any)")

        let people = try evaluate(["--report", "@r.html", "--predictions", "@p.jsonl"])
        #expect(people.output.hasPrefix("ud test: LAS "), "\(people.words)")
        #expect(people.output.contains("1 of 21 texts is longer than the maximum length"), "\(people.words)")
        let listed = try rows(String(decoding: try lab.data("p.jsonl"), as: UTF8.self))
        #expect(
            listed.count == 21
                && listed.allSatisfy {
                    Set($0.keys) == ["line", "gold_heads", "gold_deprels", "heads", "deprels", "errors", "tokens"]
                })

        let input = """
            {"tokens": ["ba", "lo", "gi", "ma"], "id": 7}
            {"text": "lo  gi"}
            {"tokens": []}
            """
        let predicted = try lab.run(
            ["predict", "--model", "@tiny", "--bundle", "@ud.h5", "--keep", "id"], input: input)
        let trees = try rows(predicted.output)
        #expect(trees.count == 3, "\(predicted.words)")
        #expect(trees[0]["heads"] as? [Int] == [2, 3, 0, 3], "\(predicted.output)")
        #expect(trees[0]["deprels"] as? [String] == ["det", "nsubj", "root", "obj"])
        #expect(trees[0]["id"] as? Int == 7 && trees[1]["tokens"] as? [String] == ["lo", "gi"])
        #expect((trees[2]["heads"] as? [Int])?.isEmpty == true)
        let shown = try lab.run(["inspect", "@ud.h5"])
        #expect(shown.output.contains("dependency tree"), "\(shown.words)")
    }

    /// Same seed, same bytes, on any number of threads; and a head over the frozen model works as well.
    @Test func sameBytes() throws {
        let lab = try lab()
        for threads in ["1", "2"] {
            let run = try lab.run([
                "train-adapter", "--model", "@tiny", "--task", "@ud", "--out", "@\(threads).h5", "--epochs", "1",
                "--threads", threads,
            ])
            try #require(run.status == 0, "\(run.words)")
        }
        #expect(try lab.data("1.h5") == lab.data("2.h5"))
    }

    /// What no tree can be is refused in one line: a teacher's trees, and a setting of classes.
    @Test func refusals() throws {
        let lab = try lab()
        let run = try lab.run([
            "train-adapter", "--model", "@tiny", "--task", "@ud", "--out", "@ud.h5", "--epochs", "1",
        ])
        try #require(run.status == 0, "\(run.words)")
        let taught = try lab.run([
            "distill", "--model", "@tiny", "--task", "@ud", "--bundle", "@ud.h5", "--out", "@s.h5", "--epochs", "1",
        ])
        #expect(taught.status != 0 && taught.errors.contains("predicts trees, expected classes"), "\(taught.words)")
        let top = try lab.run(
            ["predict", "--model", "@tiny", "--bundle", "@ud.h5", "--top-k", "2"], input: "{\"tokens\": [\"lo\"]}\n")
        #expect(top.status == 64 && top.errors.contains("this head predicts trees, not classes"), "\(top.words)")
        let probe = try lab.run([
            "finetune", "--model", "@tiny", "--task", "@ud", "--out", "@p.h5", "--linear-probe",
        ])
        #expect(probe.status != 0 && probe.errors.split(separator: "\n").count == 1, "\(probe.words)")
    }
}
