import Foundation
import Testing

/// Multiple choice from training to prediction, as scripts use it.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ChoiceCommandTests {
    private func objects(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    /// Questions with two to four choices, of which the one with the word `gi` is right; every third has a context.
    private func rows(_ count: Int, seed: UInt64) -> [String] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func draw(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        return (0..<count).map { i in
            let choices = 2 + draw(3)
            let answer = draw(choices)
            let texts = (0..<choices).map { c in
                "\"\(c == answer ? "gi" : ["ba", "be", "de"][draw(3)]) \(["ko", "lu"][draw(2)])\""
            }
            let context = i % 3 == 0 ? ", \"context\": \"fa fe\"" : ""
            return
                "{\"question\": \"ma me\", \"choices\": [\(texts.joined(separator: ", "))], \"answer\": \(answer)\(context)}"
        }
    }

    private func train(_ lab: Lab, _ task: String, _ more: String...) throws {
        let run = try lab.run(
            [
                "train-adapter", "--model", "@tiny", "--task", "@\(task)", "--out", "@\(task).h5", "--epochs", "6",
                "--lr",
                "1e-2", "--batch-size", "8",
            ] + more)
        try #require(run.status == 0, "\(run.words)")
        #expect(run.output.contains("\(task): dev accuracy "), "\(run.words)")
    }

    @Test func fromTrainingToPrediction() throws {
        let lab = try Lab()
        try lab.task("quiz", train: rows(120, seed: 1), dev: rows(40, seed: 2), test: rows(60, seed: 3))
        try train(lab, "quiz")
        let result = try lab.run(
            ["evaluate", "--model", "@tiny", "--task", "@quiz", "--bundle", "@quiz.h5", "--json"]
        ).json()
        #expect(result["kind"] as? String == "multiple-choice" && result["metric"] as? String == "accuracy")
        let metrics = try #require(result["metrics"] as? [String: Double])
        #expect(Set(metrics.keys) == ["accuracy", "loss"])
        #expect((metrics["accuracy"] ?? 0) > 0.8, "\(metrics)")
        #expect(result["confusion"] == nil && result["per_class"] == nil && result["examples"] as? Int == 60)
        let people = try lab.run([
            "evaluate", "--model", "@tiny", "--task", "@quiz", "--bundle", "@quiz.h5", "--report", "@r.html",
            "--predictions", "@p.csv",
        ])
        #expect(people.output.hasPrefix("quiz test: accuracy "), "\(people.words)")
        let table = String(decoding: try lab.data("p.csv"), as: UTF8.self)
        #expect(table.hasPrefix("line,gold,answer,correct,gold_probability,question,choices,context,probabilities\n"))
        #expect(table.split(separator: "\n").count == 61)

        let input = """
            {"question": "ma me", "choices": ["ba ko", "gi lu", "de lu"], "id": 7}
            {"question": "ma me", "choice_1": "gi ko", "choice_2": "be lu"}
            {"question": "ma me", "choices": ["be ko", "gi lu"], "context": "fa fe", "answer": 0}
            """
        func predict(_ more: [String], input: String = input) throws -> Lab.Run {
            try lab.run(["predict", "--model", "@tiny", "--bundle", "@quiz.h5"] + more, input: input)
        }
        let run = try predict(["--keep", "all"])
        let found = try objects(run.output)
        #expect(found.count == 3, "\(run.words)")
        #expect(found.map { $0["answer"] as? Int } == [1, 0, 1], "\(run.words)")
        #expect(found.map { ($0["probabilities"] as? [Double])?.count } == [3, 2, 2])
        #expect(found.allSatisfy { abs((($0["probabilities"] as? [Double]) ?? []).reduce(0, +) - 1) < 1e-5 })
        #expect(found[0]["id"] as? Int == 7 && found[2]["input_answer"] as? Int == 0, "\(run.words)")
        let csv = try predict(["--output-format", "csv"])
        #expect(csv.output.hasPrefix("line,answer,probabilities\n1,1,\"["), "\(csv.words)")
        let bad = try predict(
            ["--on-error", "skip"], input: "{\"text\": \"a\"}\n{\"question\": \"a\", \"choices\": [\"b\"]}\n")
        let errors = try objects(bad.output).map { $0["error"] as? String ?? "" }
        #expect(
            bad.status == 0 && errors.count == 2 && errors[0].contains("no 'question'")
                && errors[1].contains("'choices' is a list of 1 string"), "\(bad.words)")
        for (option, value) in [("--threshold", "0.5"), ("--top-k", "2"), ("--text-column", "question")] {
            let refused = try predict([option, value])
            #expect(refused.status == 64 || refused.status == 65, "\(refused.words)")
            #expect(refused.errors.contains(option), "\(refused.words)")
        }
    }

    /// Choices, sets of labels and classes in one batch, and one after the other.
    @Test(arguments: ["batch", "within"]) func multitask(_ mix: String) throws {
        let lab = try Lab()
        try lab.task("game", seed: 3, train: 40, dev: 16)
        try lab.task("quiz", train: rows(40, seed: 4), dev: rows(20, seed: 5))
        try lab.task(
            "moods",
            train: (0..<30).map {
                "{\"text\": \"\($0 % 2 == 0 ? "gi" : "ba")\", \"labels\": [\($0 % 2 == 0 ? "\"x\"" : "")]}"
            })
        let run = try lab.run([
            "train-multitask", "--model", "@tiny", "--tasks", "@game", "@quiz", "@moods", "--epochs", "2", "--threads",
            "2", "--mix", mix, "--mode", "adapter", "--out", "@m.h5", "--json", "--quiet",
        ])
        try #require(run.status == 0, "\(run.words)")
        let result = try lab.run(
            ["evaluate", "--model", "@tiny", "--task", "@quiz", "--bundle", "@m.h5", "--split", "dev", "--json"]
        ).json()
        #expect(result["examples"] as? Int == 20)
    }

    /// The same bundle with any number of threads, and with or without what frozen layers give being kept.
    @Test func sameBytes() throws {
        let lab = try Lab()
        try lab.task("quiz", train: rows(30, seed: 6), dev: rows(10, seed: 7))
        func bytes(_ name: String, _ more: [String]) throws -> Data {
            let run = try lab.run(
                [
                    "train-adapter", "--model", "@tiny", "--task", "@quiz", "--out", "@\(name).h5", "--epochs", "2",
                    "--name", "q", "--quiet", "--set", "leave_out=[0]", "--no-base-dropout",
                ] + more)
            try #require(run.status == 0, "\(run.words)")
            return try lab.data("\(name).h5")
        }
        let one = try bytes("a", ["--threads", "1"])
        #expect(try bytes("b", ["--threads", "3"]) == one)
        #expect(try bytes("c", ["--threads", "1", "--activation-cache", "off"]) == one)
    }

    @Test func ablate() throws {
        let lab = try Lab()
        try lab.task("quiz", train: rows(40, seed: 8), dev: rows(20, seed: 9), test: rows(40, seed: 10))
        let ablation = try lab.run([
            "ablate", "--model", "@tiny", "--tasks", "@quiz", "--out", "@out", "--quick", "--arms", "majority", "tfidf",
            "head", "--json",
        ])
        let scores = try #require(try ablation.json()["rows"] as? [[String: Any]], "\(ablation.words)")
        #expect(scores.count == 3 && scores.allSatisfy { $0["metric"] as? String == "accuracy" }, "\(scores)")
    }
}
