import Foundation
import Testing

/// `--compose`: averages, stacks and fusions of bundles' files, trained, scored, used and exported.
@Suite struct ComposeTests {
    private func lab() throws -> Lab {
        let lab = try Lab()
        try lab.task("game", seed: 1)
        try lab.task("role", seed: 11)
        for (name, task) in [("a", "game"), ("b", "role")] {
            let run = try lab.run([
                "train-adapter", "--model", "@tiny", "--task", "@\(task)", "--out", "@\(name).h5", "--epochs", "2",
                "--quiet",
            ])
            try #require(run.status == 0, "\(run.words)")
        }
        return lab
    }

    private func json(_ run: Lab.Run) throws -> [String: Any] {
        try #require(run.status == 0, "\(run.words)")
        let last = try #require(run.output.split(separator: "\n").last)
        return try #require(try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
    }

    @Test func averages() throws {
        let lab = try lab()
        func accuracy(_ words: [String]) throws -> Double {
            let run = try lab.run(["evaluate", "--model", "@tiny", "--task", "@game", "--json", "--quiet"] + words)
            return try #require((try json(run)["metrics"] as? [String: Any])?["loss"] as? Double)
        }
        let alone = try accuracy(["--bundle", "@a.h5"])
        // All of the weight on one adapter is that adapter
        let whole = try accuracy(["--compose", "average(@a.h5, @b.h5, weights=[1, 0])", "--head", "game"])
        #expect(abs(whole - alone) < 1e-6)
        let half = try accuracy(["--compose", "average(@a.h5, @b.h5)"])
        #expect(abs(half - alone) > 1e-6)
        let predicted = try lab.run(
            ["predict", "--model", "@tiny", "--compose", "average(@a.h5, @b.h5)", "--head", "role"], input: "gi ba\n")
        #expect(predicted.status == 0 && predicted.output.contains("probabilities"), "\(predicted.words)")
    }

    @Test func trainedCompositions() throws {
        let lab = try lab()
        for (name, command) in [
            ("stack", ["train-adapter", "--compose", "stack(@b.h5, new)"]),
            ("fusion", ["fuse", "--compose", "fuse(stack(@b.h5, @a.h5), @b.h5, value=false)"]),
            ("nested", ["fuse", "--compose", "stack(@a.h5, average(@b.h5, fuse(@a.h5, @b.h5)))"]),
        ] {
            let run = try lab.run(
                command + [
                    "--model", "@tiny", "--task", "@game", "--out", "@\(name).h5", "--epochs", "2", "--quiet", "--json",
                ])
            let dev = try #require(try json(run)["dev"] as? [String: Any])
            let bundle = try lab.inspect("\(name).h5")
            #expect(bundle["kind"] as? String == (name == "fusion" ? "fusion" : "composition"))
            // What is read scores what training saw
            let scored = try json(
                lab.run([
                    "evaluate", "--model", "@tiny", "--task", "@game", "--split", "dev", "--bundle", "@\(name).h5",
                    "--json",
                    "--quiet",
                ]))
            let metrics = try #require(scored["metrics"] as? [String: Any])
            #expect(metrics["accuracy"] as? Double == dev["accuracy"] as? Double)
            // A trained composition is a part like any other
            let part = try lab.run([
                "evaluate", "--model", "@tiny", "--task", "@game", "--compose", "average(@\(name).h5, @a.h5)", "--head",
                "game", "--json", "--quiet",
            ])
            #expect(part.status == 0, "\(part.words)")
        }
        let exported = try lab.run(["export", "@fusion.h5", "--format", "adapterhub", "--out", "@out"])
        #expect(exported.status == 0 && !exported.errors.contains("--name"), "\(exported.words)")
        let setup = String(decoding: try lab.data("out/adapter_setup.json"), as: UTF8.self)
        #expect(setup.contains("\"Fuse\"") && setup.contains("\"Stack\""))
        let refused = try lab.run(["export", "@nested.h5", "--format", "adapterhub", "--out", "@none"])
        #expect(refused.status == 65 && refused.errors.contains("composition: stack("), "\(refused.words)")
    }

    @Test(arguments: [
        (["evaluate"], "fuse(@a.h5, @b.h5)", "a fusion needs training"),
        (["evaluate"], "stack(@a.h5, new)", "expected a trained bundle"),
        (["evaluate"], "average(@a.h5", "--compose, column "),
        (["evaluate"], "average(@a.h5, @missing.h5)", "missing.h5"),
        (["fuse", "--out", "@x.h5"], "fuse(@a.h5, new)", "train-adapter trains a new adapter"),
        (["train-adapter", "--out", "@x.h5"], "stack(new, new)", "expected new only once"),
        (["fuse", "--out", "@x.h5", "--adapters", "@a.h5"], "fuse(@a.h5)", "give one of the two"),
    ]) func mistakes(_ command: [String], _ expression: String, _ words: String) throws {
        let lab = try lab()
        let run = try lab.run(
            command + ["--model", "@tiny", "--task", "@game", "--compose", expression, "--quiet"])
        #expect(run.status != 0 && run.status < 128 && run.errors.contains(words), "\(run.words)")
        #expect(!FileManager.default.fileExists(atPath: lab.folder.appendingPathComponent("x.h5").path))
    }
}
