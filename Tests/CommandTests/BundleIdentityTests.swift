import Foundation
import Testing

/// What a bundle and a run know of the model, the tokenizer and the task, over the command.
@Suite struct BundleIdentityTests {
    private static func train(_ more: String...) -> [String] {
        ["train-adapter", "--model", "@tiny", "--task", "@game", "--epochs", "1", "--quiet"] + more
    }

    private static func lab() throws -> Lab {
        let lab = try Lab()
        try lab.task("game", seed: 1)
        return lab
    }

    /// Exchanges two words of the vocabulary: the weights stay as they are.
    private static func exchangeWords(_ lab: Lab) throws {
        var lines = String(decoding: try lab.data("tiny/vocab.txt"), as: UTF8.self).split(separator: "\n").map(
            String.init)
        lines.swapAt(lines.count - 1, lines.count - 2)
        try lab.write("tiny/vocab.txt", lines)
    }

    @Test func anotherTokenizerIsAnotherBase() throws {
        let lab = try Self.lab()
        try #require(try lab.run(Self.train("--out", "@a.h5")).status == 0)
        try Self.exchangeWords(lab)
        let evaluate = ["evaluate", "--model", "@tiny", "--task", "@game", "--bundle", "@a.h5"]
        for words in [
            evaluate, ["predict", "--model", "@tiny", "--bundle", "@a.h5"],
            Self.train("--init-from", "@a.h5", "--out", "@b.h5"),
            ["fuse", "--model", "@tiny", "--task", "@game", "--adapters", "@a.h5", "--out", "@b.h5", "--quiet"],
            ["inspect", "@a.h5", "--verify", "--model", "@tiny"],
        ] {
            let run = try lab.run(words, input: "ba\n")
            #expect(run.status == 65 && run.errors.contains("trained with tokenizer "), "\(words): \(run.words)")
        }
        let forced = try lab.run(evaluate + ["--force"])
        #expect(forced.status == 0 && forced.errors.contains("warning: ") && forced.errors.contains("tokenizer"))
    }

    /// A checkpoint goes on only where nothing has changed that shapes the result.
    @Test(arguments: ["tokenizer", "dropout", "metric"])
    func aChangedModelOrTaskIsNotResumed(_ change: String) throws {
        let lab = try Self.lab()
        let words = Self.train("--epochs", "5000", "--checkpoint-every", "0", "--out", "@b.h5")
        let process = try lab.start(words)
        StoppedTrainingTests.wait(for: lab.folder.appendingPathComponent("b.h5.checkpoint"), process)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        var again = words + ["--resume"]
        let field: String
        switch change {
        case "tokenizer":
            try Self.exchangeWords(lab)
            field = "to"  // the tokenizer, or the tokens that it gives
        case "dropout":
            let json = String(decoding: try lab.data("tiny/config.json"), as: UTF8.self)
            try lab.write(
                "tiny/config.json",
                [json.replacingOccurrences(of: "\"hidden_dropout_prob\": 0.1", with: "\"hidden_dropout_prob\": 0.2")])
            field = "config.json: hidden_dropout_prob"
        default:
            try lab.write("game.yaml", ["name: game", "kind: text-classification", "data: game", "metric: macro_f1"])
            again = again.map { $0 == "@game" ? "@game.yaml" : $0 }
            field = "metric: accuracy in the checkpoint, macro_f1 now"
        }
        let run = try lab.run(again)
        #expect(run.status == 65 && run.errors.contains("belongs to another run (\(field)"), "\(run.words)")
    }

    /// Single texts with a head on pairs, and the other way round.
    @Test func aHeadScoresItsOwnKindOfTask() throws {
        let lab = try Self.lab()
        let pairs = (0..<24).map { i in
            "{\"text_a\": \"ba be\", \"text_b\": \"\(i % 2 == 0 ? "gi" : "lo")\", \"label\": \"\(Lab.labels[i % 2])\"}"
        }
        try lab.task("pairs", train: pairs, dev: pairs, test: pairs)
        try #require(try lab.run(Self.train("--out", "@single.h5")).status == 0)
        let trained = try lab.run([
            "train-adapter", "--model", "@tiny", "--task", "@pairs", "--epochs", "1", "--quiet", "--out", "@pair.h5",
        ])
        try #require(trained.status == 0, "\(trained.words)")
        for (bundle, task) in [("single", "pairs"), ("pair", "game")] {
            let run = try lab.run(["evaluate", "--model", "@tiny", "--task", "@\(task)", "--bundle", "@\(bundle).h5"])
            #expect(run.status == 65 && run.errors.contains("was trained for text-"), "\(run.words)")
        }
        let pair = #"{"text_a": "ba", "text_b": "be"}"# + "\n"
        for (bundle, input) in [("single", pair), ("pair", "ba\n")] {
            let run = try lab.run(["predict", "--model", "@tiny", "--bundle", "@\(bundle).h5"], input: input)
            #expect(run.status == 65 && run.output.isEmpty, "\(run.words)")
        }
        // Another task of the same kind: scored, with a warning, unless the head is named
        try lab.task("other", seed: 4)
        let evaluate = ["evaluate", "--model", "@tiny", "--task", "@other", "--bundle", "@single.h5"]
        let other = try lab.run(evaluate)
        #expect(other.status == 0 && other.errors.contains("trained for task game, not for other"), "\(other.words)")
        #expect(try lab.run(evaluate + ["--head", "game"]).errors.isEmpty)
    }

    /// What cannot be written is not found out at the end: long names are shortened, and what is refused is refused first.
    @Test func longNames() throws {
        let lab = try Lab()
        let names = (0..<4).map { String(repeating: "n\($0)", count: 45) }
        for (i, name) in names.enumerated() { try lab.task(name, seed: UInt64(i + 1), train: 12, dev: 6) }
        let many = try lab.run(
            ["train-multitask", "--model", "@tiny", "--tasks"] + names.map { "@\($0)" }
                + ["--epochs", "1", "--quiet", "--out", "@m.h5"])
        #expect(many.status == 0, "\(many.words)")
        _ = try lab.inspect("m.h5")

        try lab.write(
            "long.yaml",
            ["name: \(String(repeating: "é", count: 150))", "kind: text-classification", "data: \(names[0])"])
        let long = ["--model", "@tiny", "--task", "@long.yaml"]
        let one = try lab.run(["train-adapter", "--epochs", "1", "--quiet", "--out", "@l.h5"] + long)
        #expect(one.status == 0, "\(one.words)")
        let scores = try lab.run(["evaluate", "--bundle", "@l.h5"] + long)
        #expect(scores.status == 0 && !scores.errors.contains("trained for task"), "\(scores.words)")

        let named = try lab.run(
            [
                "train-adapter", "--epochs", "1", "--quiet", "--out", "@n.h5", "--name",
                String(repeating: "x", count: 201),
            ]
                + long)
        #expect(named.status == 64 && named.errors.contains("--name: found 201 bytes"), "\(named.words)")
    }

    @Test func whatIsReplacedOrFusedTwiceIsSaid() throws {
        let lab = try Self.lab()
        try lab.task("other", seed: 4)
        try #require(try lab.run(Self.train("--out", "@a.h5")).errors.isEmpty)
        #expect(try lab.run(Self.train("--out", "@a.h5")).errors.isEmpty)
        let other = try lab.run([
            "train-adapter", "--model", "@tiny", "--task", "@other", "--epochs", "1", "--quiet", "--out", "@a.h5",
        ])
        #expect(other.status == 0 && other.errors.contains("kind adapter for game (4 steps)"), "\(other.words)")

        try FileManager.default.copyItem(
            at: lab.folder.appendingPathComponent("a.h5"), to: lab.folder.appendingPathComponent("copy.h5"))
        let fuse = try lab.run([
            "fuse", "--model", "@tiny", "--task", "@game", "--adapters", "@a.h5", "@copy.h5", "--epochs", "1",
            "--quiet",
            "--out", "@f.h5",
        ])
        #expect(fuse.status == 0 && fuse.errors.contains("2 of the adapters are the same one"), "\(fuse.words)")
    }

    @Test func patienceStopsAlsoWhereTheLastEpochIsKept() throws {
        let lab = try Self.lab()
        let run = try lab.run(
            Self.train(
                "--epochs", "60", "--lr", "1", "--patience", "2", "--keep", "last", "--json", "--out", "@a.h5"))
        let fields = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        // At that rate dev does not improve for long
        #expect((fields["epochs"] as? Int ?? 99) < 60, "\(run.words)")
        try lab.task("bare", train: Lab.rows(40, seed: 2))
        let bare = try lab.run([
            "train-adapter", "--model", "@tiny", "--task", "@bare", "--epochs", "2", "--patience", "1", "--quiet",
            "--out", "@b.h5",
        ])
        #expect(bare.status == 0 && bare.errors.contains("--patience has no effect"), "\(bare.words)")
    }

    /// An output that is an input by mistake: data, a model's weights, the bundle itself.
    @Test func inputsAreNotReplaced() throws {
        let lab = try Self.lab()
        try #require(try lab.run(Self.train("--out", "@a.h5")).status == 0)
        for path in ["game/train.jsonl", "tiny/model.safetensors"] {
            let before = try lab.data(path)
            let run = try lab.run(Self.train("--out", "@\(path)"))
            #expect(run.status == 64 && run.errors.contains("an existing file that is not a bundle"), "\(run.words)")
            #expect(try lab.data(path) == before)
        }
        let evaluate = ["evaluate", "--model", "@tiny", "--task", "@game", "--bundle", "@a.h5"]
        let before = try (lab.data("a.h5"), lab.data("game/test.jsonl"))
        for more in [
            ["--predictions", "@game/test.jsonl"], ["--report", "@a.h5"],
            ["--predictions", "@same.jsonl", "--report", "@same.jsonl"],
        ] {
            let run = try lab.run(evaluate + more)
            #expect(run.status == 64 && run.errors.contains("which this command also reads or writes"), "\(run.words)")
        }
        #expect(try lab.data("a.h5") == before.0 && lab.data("game/test.jsonl") == before.1)
    }

    /// A JSON file that holds no list of records is an error, not an empty result; a head that is named must exist.
    @Test func nothingIsPassedOverInSilence() throws {
        let lab = try Self.lab()
        try #require(try lab.run(Self.train("--out", "@a.h5")).status == 0)
        let predict = ["predict", "--model", "@tiny", "--bundle", "@a.h5"]
        for content in [#"{"rows": [{"text": "ba"}]}"#, "{\"text\":\n\"ba\"}"] {
            try lab.write("in.json", [content])
            let run = try lab.run(predict + ["--input", "@in.json"])
            #expect(run.status == 65 && run.errors.contains("an object without a list under 'data'"), "\(run.words)")
        }
        let head = try lab.run(predict + ["--head", "nope"], input: "ba\n")
        #expect(head.status == 65 && head.errors.contains("none for nope"), "\(head.words)")
        let language = try lab.run(predict + ["--language", "@a.h5"], input: "ba\n")
        #expect(language.errors.contains("trained for game, not for a language"), "\(language.words)")
    }
}
