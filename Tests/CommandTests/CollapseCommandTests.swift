import Foundation
import Testing

/// `collapse`, by the built command.
@Suite struct CollapseCommandTests {
    @Test func collapsesWhatFuseTrained() throws {
        let lab = try Lab()
        try lab.task("game", seed: 1)
        try lab.task("role", seed: 11)
        func run(_ words: [String], input: String = "") throws -> Lab.Run {
            let run = try lab.run(words, input: input)
            try #require(run.status == 0, "\(run.words)")
            return run
        }
        for name in ["game", "role"] {
            _ = try run([
                "train-adapter", "--model", "@tiny", "--task", "@\(name)", "--out", "@\(name).h5", "--epochs", "2",
                "--quiet",
            ])
        }
        let fuse = ["fuse", "--model", "@tiny", "--task", "@game", "--adapters", "@game.h5", "@role.h5", "--quiet"]
        _ = try run(fuse + ["--method", "scalearn", "--out", "@s.h5"])
        _ = try run(fuse + ["--out", "@f.h5", "--epochs", "1"])
        let collapsed = try run(["collapse", "--bundle", "@s.h5", "--out", "@one.h5", "--json"])
        let line = try #require(collapsed.output.split(separator: "\n").last)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(json["kind"] as? String == "adapter")
        #expect((json["collapsed"] as? String)?.hasPrefix("scalearn(game, role, ") == true)
        #expect((json["bundle"] as? String)?.hasSuffix("one.h5") == true)
        let labels = try ["s", "one"].map { name in
            try run(
                ["predict", "--model", "@tiny", "--bundle", "@\(name).h5", "--output-format", "csv"],
                input: "gi ba\nlo\nta ma ba\n"
            ).output.split(separator: "\n").map { $0.split(separator: ",").prefix(2).joined(separator: ",") }
        }
        #expect(labels[0] == labels[1] && labels[0].count == 4)
        _ = try run(["export", "@one.h5", "--out", "@hub"])
        #expect(try lab.inspect("one.h5")["kind"] as? String == "adapter")

        let refused = try lab.run(["collapse", "--bundle", "@f.h5", "--out", "@x.h5"])
        #expect(
            refused.status == 65
                && refused.errors.contains("a fusion attends anew for each token; keep it, or train fuse "),
            "\(refused.words)")
        #expect(refused.errors.split(separator: "\n").count == 1)
        #expect(!FileManager.default.fileExists(atPath: lab.folder.appendingPathComponent("x.h5").path))
    }

    /// LoRA: `fuse --method cat` and `arrow`, as expressions too; cat's one LoRA goes to peft.
    @Test func blocksOverLoRA() throws {
        let lab = try Lab()
        try lab.task("game", seed: 1)
        try lab.task("role", seed: 11)
        func run(_ words: [String]) throws -> Lab.Run {
            let run = try lab.run(words + ["--quiet"])
            try #require(run.status == 0, "\(run.words)")
            return run
        }
        for name in ["game", "role"] {
            _ = try run([
                "train-adapter", "--model", "@tiny", "--task", "@\(name)", "--out", "@\(name).h5", "--config", "lora",
                "--epochs", "2",
            ])
        }
        let task = ["--model", "@tiny", "--task", "@game"]
        for method in ["cat", "arrow"] {
            _ = try run(
                [
                    "fuse", "--method", method, "--adapters", "@game.h5", "@role.h5", "--out", "@\(method).h5",
                    "--epochs", "1",
                ]
                    + task)
            let composition = try lab.inspect("\(method).h5")["composition"] as? [String: Any]
            #expect(composition?["block"] as? String == method)
            _ = try run(["evaluate", "--bundle", "@\(method).h5"] + task)
        }
        _ = try run(["evaluate", "--compose", "arrow(@game.h5, @role.h5, top_k=1)", "--head", "game"] + task)
        _ = try lab.run(["collapse", "--bundle", "@cat.h5", "--out", "@one.h5"])
        let exported = try lab.run(["export", "@one.h5", "--format", "peft", "--out", "@peft"])
        #expect(exported.status == 0, "\(exported.words)")
        let refused = try lab.run(
            ["fuse", "--method", "arrow", "--adapters", "@game.h5", "@role.h5", "--out", "@x.h5", "--unfreeze"] + task)
        #expect(
            refused.status == 64 && refused.errors.contains("arrow: found adapters that learn, expected frozen ones"),
            "\(refused.words)")
    }
}
