import Foundation
import Testing

/// `train-multitask`: mixes, balancers, and what is said of them.
@Suite(.serialized, .timeLimit(.minutes(5))) struct MultitaskCommandTests {
    private static func lab() throws -> Lab {
        let lab = try Lab()
        try lab.task("game", seed: 3, train: 60, dev: 20)
        try lab.taggingTask("tags", seed: 4, train: 40, dev: 16)
        try lab.write("score/train.jsonl", Self.scores(30))
        try lab.write("score/dev.jsonl", Self.scores(10))
        return lab
    }

    /// Pairs whose score is the number of words that they share.
    private static func scores(_ count: Int) -> [String] {
        (0..<count).map { i in
            let words = ["ba", "de", "fi", "go", "ku"]
            let second = words.enumerated().filter { ($0.offset * 7 + i * 3) % 5 < 3 }.map(\.element)
            return
                "{\"text_a\": \"\(words[i % 5]) \(words[(i + 1) % 5])\", \"text_b\": \"\(second.joined(separator: " "))\", "
                + "\"score\": \(Double(second.count) + Double(i % 3) / 10)}"
        }
    }

    private static func train(_ more: String...) -> [String] {
        [
            "train-multitask", "--model", "@tiny", "--tasks", "@game", "@tags", "@score", "--epochs", "2", "--threads",
            "2",
        ] + more
    }

    /// Classes, tags and numbers in one batch, with learned weights, which the result, the log and the progress name.
    @Test(arguments: ["adapter", "full"]) func allKindsTogether(_ mode: String) throws {
        let lab = try Self.lab()
        let run = try lab.run(
            Self.train("--mode", mode, "--mix", "within", "--balancer", "uncertainty", "--json", "--out", "@a.h5"))
        try #require(run.status == 0, "\(run.words)")
        let log = try #require(try JSONSerialization.jsonObject(with: lab.data("a.run.json")) as? [String: Any])
        for fields in [try run.json(), log] {
            let balancer = try #require(fields["balancer"] as? [String: Any])
            #expect(balancer["name"] as? String == "uncertainty")
            let weights = try #require(balancer["weights"] as? [String: Double])
            #expect(weights.keys.sorted() == ["game", "score", "tags"])
            #expect(weights.values.allSatisfy { $0 > 0 && $0 < 2 && $0 != 1 && $0 != 0.5 })
            #expect(abs((weights["score"] ?? 1) - 0.5) < 0.1)
        }
        #expect(run.errors.contains("; weights game "), "\(run.words)")
        let settings = try #require(try lab.inspect("a.h5")["settings"] as? [String: Any])
        #expect(settings["mix"] as? String == "within" && settings["balancer"] as? String == "uncertainty")
        for task in ["game", "tags", "score"] {
            let scored = try lab.run(
                ["evaluate", "--model", "@tiny", "--bundle", "@a.h5", "--task", "@\(task)", "--split", "dev", "--json"])
            #expect(scored.status == 0, "\(scored.words)")
        }
    }

    /// The defaults, said or not, give the same bytes; each other choice gives others.
    @Test func choicesMatter() throws {
        let lab = try Self.lab()
        func bytes(_ out: String, _ more: String...) throws -> Data { try bytes(out, more) }
        func bytes(_ out: String, _ more: [String]) throws -> Data {
            let run = try lab.run(Self.train("--out", "@\(out)") + more)
            try #require(run.status == 0, "\(run.words)")
            return try lab.data(out)
        }
        let plain = try bytes("plain.h5")
        #expect(
            try bytes("same.h5", "--mix", "batch", "--balancer", "equal", "--scheduler", "proportional") == plain)
        let given = ["--scheduler", "given", "--task-probabilities", "game=1", "tags=3", "score=2"]
        let all = [
            plain, try bytes("e.h5", given), try bytes("f.h5", given + ["--exhausted", "skip"]),
            try bytes("g.h5", ["--scheduler", "progress"]), try bytes("h.h5", ["--task-cap", "30"]),
            try bytes("a.h5", "--mix", "within"), try bytes("b.h5", "--balancer", "uncertainty"),
            try bytes("c.h5", "--scheduler", "round-robin"),
            try bytes("d.h5", "--mix", "within", "--scheduler", "round-robin"),
            try bytes("i.h5", ["--mix", "within", "--balancer", "famo"]),
            try bytes("j.h5", ["--mix", "within", "--balancer", "pcgrad"]),
            try bytes("k.h5", ["--balancer", "fixed", "--loss-weights", "game=1", "tags=2", "score=0.5"]),
        ]
        #expect(Set(all).count == all.count)
    }

    @Test(
        arguments: [
            ("--scheduler", "proportional, uniform, temperature, square-root, round-robin"),
            ("--balancer", "equal, fixed, uncertainty"),
            ("--mix", "batch, within"), ("--exhausted", "repeat, stop, skip"), ("--mode", "adapter or full"),
        ])
    func unknownNamesListTheChoices(_ option: String, _ choices: String) throws {
        let lab = try Self.lab()
        let run = try lab.run(Self.train(option, "magic", "--out", "@a.h5"))
        #expect(run.status != 0)
        let lines = run.errors.split(separator: "\n").filter { $0.contains("magic") }
        #expect(lines.count == 1 && lines[0].contains("\(option): found magic, expected \(choices)"), "\(run.words)")
        #expect(!FileManager.default.fileExists(atPath: lab.folder.appendingPathComponent("a.h5").path))
    }

    /// What the scheduler was told is in the bundle, and what it did in the result and the log.
    @Test func schedulersSayWhatTheyDid() throws {
        let lab = try Self.lab()
        let run = try lab.run(
            Self.train(
                "--mix", "within", "--scheduler", "given", "--task-probabilities", "game=1", "tags=3", "score=2",
                "--exhausted", "stop", "--json", "--out", "@a.h5"))
        try #require(run.status == 0, "\(run.words)")
        let log = try #require(try JSONSerialization.jsonObject(with: lab.data("a.run.json")) as? [String: Any])
        for fields in [try run.json(), log] {
            let scheduler = try #require(fields["scheduler"] as? [String: Any])
            #expect(scheduler["name"] as? String == "given" && scheduler["mix"] as? String == "within")
            #expect(scheduler["exhausted"] as? String == "stop")
            let examples = try #require(scheduler["examples"] as? [String: Int])
            #expect(examples.keys.sorted() == ["game", "score", "tags"])
            // Each at most once an epoch
            #expect((examples["game"] ?? 0) < 60 && (examples["tags"] ?? 0) <= 80 && (examples["score"] ?? 0) <= 60)
        }
        let settings = try #require(try lab.inspect("a.h5")["settings"] as? [String: Any])
        #expect(settings["task_probabilities"] as? [String: Double] == ["game": 1, "tags": 3, "score": 2])
        #expect(settings["exhausted"] as? String == "stop")
    }

    /// Several tasks first, then one: an adapter, or all weights, goes on from where the tasks have brought it.
    @Test(arguments: ["adapter", "full"]) func severalTasksFirstThenOne(_ mode: String) throws {
        let lab = try Self.lab()
        let first = try lab.run(Self.train("--mode", mode, "--out", "@all.h5"))
        try #require(first.status == 0, "\(first.words)")
        let command = mode == "full" ? "finetune" : "train-adapter"
        func losses(_ out: String, _ more: [String]) throws -> [Double] {
            let run = try lab.run(
                [
                    command, "--model", "@tiny", "--task", "@game", "--epochs", "1", "--no-base-dropout", "--out",
                    "@\(out).h5",
                ]
                    + more)
            try #require(run.status == 0, "\(run.words)")
            let log = try JSONSerialization.jsonObject(with: lab.data("\(out).run.json")) as? [String: Any]
            return try #require(log?["losses"] as? [Double])
        }
        let (fresh, started) = (try losses("fresh", []), try losses("started", ["--init-from", "@all.h5"]))
        // The new head is the same, what is below it is not
        #expect(fresh.count == started.count && fresh[0] != started[0])
        let wrong = try lab.run(
            [command, "--model", "@tiny", "--task", "@game", "--out", "@x.h5", "--init-from", "@other.h5"])
        #expect(wrong.status == 66, "\(wrong.words)")
    }

    /// All weights cannot start from an adapter.
    @Test func startsOfTheWrongKind() throws {
        let lab = try Self.lab()
        let first = try lab.run(Self.train("--epochs", "1", "--out", "@all.h5"))
        try #require(first.status == 0, "\(first.words)")
        let wrong = try lab.run([
            "finetune", "--model", "@tiny", "--task", "@game", "--out", "@x.h5", "--init-from", "@all.h5",
        ])
        #expect(wrong.status == 65)
        #expect(
            wrong.errors.contains(
                "--init-from: bundle game_tags_score: found adapter, expected a bundle with all weights of this model"),
            "\(wrong.words)")
        let both = try lab.run([
            "finetune", "--model", "@tiny", "--task", "@game", "--out", "@x.h5", "--init-from", "@all.h5",
            "--head-only",
        ])
        #expect(both.status == 64)
    }

    /// LoRA that the tasks share, with scales of each task's own, from the training to the scores of its bundle.
    @Test func mtlLoRA() throws {
        let lab = try Self.lab()
        let words = ["--compose", "mtl_lora(new)", "--config", "lora", "--mix", "within", "--lr", "5e-3"]
        let run = try lab.run(Self.train("--json", "--out", "@a.h5") + words)
        try #require(run.status == 0, "\(run.words)")
        let dev = try #require(try run.json()["dev"] as? [String: [String: Any]])
        for task in ["game", "tags", "score"] {
            let scored = try lab.run(
                ["evaluate", "--model", "@tiny", "--bundle", "@a.h5", "--task", "@\(task)", "--split", "dev", "--json"])
            try #require(scored.status == 0, "\(scored.words)")
            let metric = try #require(try scored.json()["metric"] as? String)
            let metrics = try #require(try scored.json()["metrics"] as? [String: Any])
            #expect(metrics[metric] as? Double == dev[task]?[metric] as? Double)
        }
        let predicted = try lab.run(
            ["predict", "--model", "@tiny", "--bundle", "@a.h5", "--head", "game"], input: "ba de fi\n")
        #expect(predicted.status == 0, "\(predicted.words)")
        let wrong = try lab.run(Self.train("--out", "@b.h5", "--compose", "mtl_lora(new)", "--config", "seq_bn"))
        #expect(wrong.status == 65 || wrong.status == 64)
        #expect(wrong.errors.contains("in mtl_lora, expected LoRA that only adds s B A x"), "\(wrong.words)")
    }

    /// The bundles of each task's best epoch, and the scores of all epochs.
    @Test func taskBest() throws {
        let lab = try Self.lab()
        let run = try lab.run(Self.train("--epochs", "4", "--task-best", "@best", "--json", "--out", "@a.h5"))
        try #require(run.status == 0, "\(run.words)")
        let fields = try run.json()
        let scores = try #require(fields["dev_by_epoch"] as? [[String: Any]])
        #expect(scores.count == 4 && (1...4).contains(fields["best_epoch"] as? Int ?? 0))
        let best = try #require(fields["task_best"] as? [String: [String: Any]])
        #expect(best.keys.sorted() == ["game", "score", "tags"])
        for task in ["game", "tags", "score"] {
            let epoch = try #require(best[task]?["epoch"] as? Int)
            let own = scores.map { $0[task] as? Double ?? -1 }
            #expect(own[epoch - 1] == own.max())
            let scored = try lab.run([
                "evaluate", "--model", "@tiny", "--bundle", "@best/\(task).h5", "--task", "@\(task)", "--split", "dev",
                "--json",
            ])
            try #require(scored.status == 0, "\(scored.words)")
            let metric = try #require(try scored.json()["metric"] as? String)
            let metrics = try #require(try scored.json()["metrics"] as? [String: Any])
            #expect(abs((metrics[metric] as? Double ?? -1) - own[epoch - 1]) < 1e-9, "\(task)")
        }
    }

    /// Weights that were given, and cosines between the tasks' gradients, in the result and the log; measuring changes no byte.
    @Test func weightsAndCosines() throws {
        let lab = try Self.lab()
        let words = ["--mix", "within", "--balancer", "fixed", "--loss-weights", "game=1", "tags=2", "score=0.5"]
        let plain = try lab.run(Self.train("--out", "@plain.h5") + words)
        try #require(plain.status == 0, "\(plain.words)")
        let run = try lab.run(Self.train("--gradient-cosines", "5", "--json", "--out", "@a.h5") + words)
        try #require(run.status == 0, "\(run.words)")
        #expect(try lab.data("a.h5") == lab.data("plain.h5"))
        let log = try #require(try JSONSerialization.jsonObject(with: lab.data("a.run.json")) as? [String: Any])
        for fields in [try run.json(), log] {
            let balancer = try #require(fields["balancer"] as? [String: Any])
            #expect(balancer["weights"] as? [String: Double] == ["game": 1, "tags": 2, "score": 0.5])
            let cosines = try #require(fields["gradient_cosines"] as? [[String: Any]])
            #expect(cosines.count > 1 && cosines.map { $0["step"] as? Int }.prefix(2) == [1, 6])
            let values = try #require(cosines[0]["cosines"] as? [[Double]])
            #expect(cosines[0]["tasks"] as? [String] == ["game", "tags", "score"] && values.count == 3)
            #expect(values[0][0] == 1 && abs(values[0][1]) < 1 && values[0][1] == values[1][0])
        }
    }

    @Test(
        arguments: [
            (
                ["--balancer", "pcgrad"],
                "--balancer: found pcgrad with steps of one task, expected steps of several tasks, which it compares: use "
                    + "--mix within, or --share-texts"
            ),
            (
                ["--balancer", "fixed", "--loss-weights", "game=1", "tags=2"],
                "--loss-weights: found no number for score, expected a number for each task: game, tags, score"
            ),
            (
                ["--loss-weights", "game=1"],
                "--loss-weights: found values for the balancer equal, expected none: they are for fixed"
            ),
            (["--gradient-cosines=-1"], "--gradient-cosines: found -1, expected 0 (none) or more steps"),
            (
                ["--scheduler", "given", "--task-probabilities", "game=1", "magic=2"],
                "--task-probabilities: found magic, expected tasks of this training: game, tags, score"
            ),
            (
                ["--scheduler", "given", "--task-probabilities", "game=1", "game=2"],
                "--task-probabilities: found game twice, expected one number for each task"
            ),
            (
                ["--scheduler", "given", "--task-probabilities", "game"],
                "--task-probabilities: found game, expected TASK=NUMBER for each task"
            ),
            (
                ["--scheduler", "given", "--task-probabilities", "game=-1", "tags=1", "score=1"],
                "--task-probabilities: found game=-1.0, expected numbers over 0, finite"
            ),
            (
                ["--scheduler", "given", "--task-probabilities", "game=0", "tags=0", "score=0"],
                "--task-probabilities: found game=0.0, expected numbers over 0, finite"
            ),
            (["--task-cap", "0"], "--task-cap: found 0, expected 1 or more examples"),
            (
                ["--scheduler-temperature", "3"],
                "--scheduler-temperature: found a value for the scheduler proportional, expected none: it is for temperature"
            ),
        ])
    func wrongValuesHaveOneLine(_ words: [String], _ line: String) throws {
        let lab = try Self.lab()
        let run = try lab.run(Self.train("--out", "@a.h5") + words)
        #expect(run.status == 64)
        #expect(run.errors.split(separator: "\n").count { $0.contains(line) } == 1, "\(run.words)")
        #expect(!FileManager.default.fileExists(atPath: lab.folder.appendingPathComponent("a.h5").path))
    }
}
