import Foundation
import Testing

/// AdapterDrop on the command line: layers without adapters are computed once, and adapters are dropped at prediction.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ActivationCacheCommandTests {
    private static let off = ["--no-base-dropout", "--epochs", "3", "--quiet", "--json"]

    /// What trains, and the lowest layers that are computed once.
    static let trainings: [(words: [String], layers: Int)] = [
        (["train-adapter", "--set", "leave_out=[0,1]"], 2), (["train-adapter", "--config", "lora"], 0),
        (["finetune", "--head-only"], 3), (["fuse", "--adapters", "@a.h5", "@b.h5"], 1),
    ]

    @Test(arguments: trainings) func theBundleHasTheSameBytesWithAndWithout(_ words: [String], _ layers: Int) throws {
        let lab = try Lab()
        try lab.task("game", seed: 1)
        for name in words[0] == "fuse" ? ["a", "b"] : [] {
            _ = try lab.run(
                ["train-adapter", "--model", "@tiny", "--task", "@game", "--set", "leave_out=[0]", "--name", name]
                    + ["--out", "@\(name).h5"] + Self.off
            ).json()
        }
        let common = words + ["--model", "@tiny", "--task", "@game"] + Self.off
        let off = try lab.run(common + ["--out", "@off.h5", "--activation-cache", "off", "--threads", "1"]).json()
        #expect(off["activation_cache"] is NSNull)
        let on = try lab.run(common + ["--out", "@on.h5", "--threads", "2"]).json()
        #expect(try lab.data("on.h5") == lab.data("off.h5"))
        guard layers > 0 else {
            #expect(on["activation_cache"] is NSNull)
            return
        }
        let cache = try #require(on["activation_cache"] as? [String: [String: Int]])
        #expect(cache["train"]?["layers"] == layers && cache["dev"]?["layers"] == layers)
        #expect(cache["train"]?["texts"] == 60 && cache["train"]?["all_texts"] == 60 && cache["dev"]?["texts"] == 30)
        let bytes = try #require(cache["train"]?["bytes"])
        let few = try lab.run(common + ["--out", "@few.h5", "--activation-cache", "\(bytes / 2)"]).json()
        let part = try #require((few["activation_cache"] as? [String: [String: Int]])?["train"])
        #expect(part["all_texts"] == 60 && (20..<45).contains(part["texts"] ?? 0))
        #expect(try lab.data("few.h5") == lab.data("off.h5"))
    }

    @Test func whatAPersonReads() throws {
        let lab = try Lab()
        try lab.task("game", seed: 1)
        let common = ["--model", "@tiny", "--task", "@game", "--out", "@a.h5", "--epochs", "2"]
        let words = ["train-adapter", "--set", "leave_out=[0]"] + common
        let run = try lab.run(words + ["--no-base-dropout"])
        #expect(
            run.status == 0 && !run.output.contains("--no-base-dropout")
                && run.output.contains(
                    "computed once: the lowest 1 layer of 60 training texts, the lowest 1 layer of 30 dev texts ("),
            "\(run.words)")
        let dropping = try lab.run(words)
        #expect(
            dropping.output.contains("computed once: the lowest 1 layer of 30 dev texts (")
                && dropping.output.contains("); with --no-base-dropout, of training texts too\n"), "\(dropping.words)")
        let wrong = try lab.run(words + ["--activation-cache", "much"])
        #expect(
            wrong.status == 64
                && wrong.errors.contains(
                    "--activation-cache: found much, expected a size, for example 800MB or 2GiB, or off"),
            "\(wrong.words)")
        try lab.text("a.txt", lines: 40, seed: 1)
        let language = try lab.run([
            "train-language", "--model", "@tiny", "--head-only", "--text", "@a.txt", "--out", "@l.h5",
            "--activation-cache", "1GB",
        ])
        #expect(language.status == 64 && language.errors.contains("--activation-cache"), "\(language.words)")
    }

    @Test func adaptersAreDroppedAtPrediction() throws {
        let lab = try Lab()
        try lab.task("game", seed: 1)
        let words = ["--model", "@tiny", "--task", "@game"]
        _ = try lab.run(["train-adapter", "--lr", "1e-2", "--out", "@a.h5"] + words + Self.off).json()
        func predict(_ layers: [String]) throws -> String {
            let run = try lab.run(["predict", "--model", "@tiny", "--bundle", "@a.h5"] + layers, input: "gi ba\nlo\n")
            try #require(run.status == 0, "\(run.words)")
            return run.output
        }
        let all = try predict([])
        #expect(try predict(["--drop-layers", "0"]) == all)
        #expect(try Set([all, predict(["--drop-layers", "1"]), predict(["--drop-layers", "3"])]).count == 3)
        let scores = try lab.run(["evaluate", "--bundle", "@a.h5", "--drop-layers", "2", "--json"] + words).json()
        #expect(scores["examples"] as? Int == 20)
        let wrong = try lab.run(
            ["predict", "--model", "@tiny", "--bundle", "@a.h5", "--drop-layers", "4"], input: "gi\n")
        #expect(
            wrong.status == 64
                && wrong.errors.contains("--drop-layers: found 4, expected 0 to 3, the model's layers"),
            "\(wrong.words)")
    }
}
