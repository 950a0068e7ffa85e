import Foundation
import Testing

/// `--compose`: averages, stacks and fusions of bundles' files, trained, scored, used and exported.
@Suite struct ComposeTests {
    private func lab() throws -> Lab { try Lab(adapters: [("a", "game", []), ("b", "role", [])]) }

    @Test func averages() throws {
        let lab = try lab()
        func accuracy(_ words: [String]) throws -> Double {
            let run = try lab.run(["evaluate", "--model", "@tiny", "--task", "@game", "--json", "--quiet"] + words)
            return try #require((try run.json()["metrics"] as? [String: Any])?["loss"] as? Double)
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
            let dev = try #require(try run.json()["dev"] as? [String: Any])
            let bundle = try lab.inspect("\(name).h5")
            #expect(bundle["kind"] as? String == (name == "fusion" ? "fusion" : "composition"))
            // What is read scores what training saw
            let scored = try lab.run([
                "evaluate", "--model", "@tiny", "--task", "@game", "--split", "dev", "--bundle", "@\(name).h5",
                "--json",
                "--quiet",
            ]).json()
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

    private func lines(_ run: Lab.Run) throws -> [[String: Any]] {
        try #require(run.status == 0, "\(run.words)")
        return try run.output.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    /// Parallel adapters answer as each does alone, from the expression and from the bundle that it is saved as.
    @Test func parallel() throws {
        let lab = try lab()
        let saved = try lab.run(["compose", "parallel(@a.h5, @b.h5)", "--out", "@both.h5", "--name", "both"])
        #expect(saved.status == 0 && saved.output.contains("parallel(game, role, "), "\(saved.words)")
        let bundle = try lab.inspect("both.h5")
        #expect(bundle["kind"] as? String == "composition" && (bundle["heads"] as? [String: Any])?.count == 2)
        func predict(_ words: [String]) throws -> [[String: Any]] {
            try lines(lab.run(["predict", "--model", "@tiny"] + words, input: "gi ba\nlo bu\n"))
        }
        let both = try predict(["--compose", "parallel(@a.h5, @b.h5)"])
        #expect(NSArray(array: both) == NSArray(array: try predict(["--bundle", "@both.h5"])))
        for (file, head) in [("a.h5", "game"), ("b.h5", "role")] {
            let alone = try predict(["--bundle", "@\(file)"])
            let chosen = try predict(["--bundle", "@both.h5", "--head", head])
            #expect(NSArray(array: alone) == NSArray(array: chosen))
            for (line, own) in zip(both, alone) {
                let heads = try #require(line["heads"] as? [String: [String: Any]])
                #expect(heads[head]?["label"] as? String == own["label"] as? String)
                #expect(heads[head]?["probabilities"] as? [String: Double] == own["probabilities"] as? [String: Double])
            }
            let scored = try ["both.h5", file].map { file in
                try lab.run(["evaluate", "--model", "@tiny", "--task", "@\(head)", "--bundle", "@\(file)", "--json"])
                    .json()
            }
            #expect(
                NSDictionary(dictionary: try #require(scored[0]["metrics"] as? [String: Any]))
                    == NSDictionary(
                        dictionary: try #require(scored[1]["metrics"] as? [String: Any])))
        }
        let csv = try lab.run(
            ["predict", "--model", "@tiny", "--bundle", "@both.h5", "--output-format", "csv"], input: "gi ba\n")
        #expect(csv.output.hasPrefix("line,game.label,game.probability,") && csv.output.contains(",role.label,"))
        let merged = try lab.run(
            ["export", "@both.h5", "--format", "hf", "--merge", "--model", "@tiny", "--out", "@hf"])
        #expect(merged.status != 0 && merged.errors.contains("parallel has different weights"), "\(merged.words)")
    }

    /// An adapter for each task above a shared one, in batches of both tasks; it scores and predicts task by task.
    @Test func multitask() throws {
        let lab = try lab()
        func train(_ out: String, _ words: [String]) throws -> Lab.Run {
            try lab.run(
                [
                    "train-multitask", "--model", "@tiny", "--tasks", "@game", "@role", "--out", "@\(out)", "--epochs",
                    "2",
                    "--mix", "within", "--quiet",
                ] + words)
        }
        let expression = ["--compose", "stack(new, multitask(new, new))"]
        for (out, threads) in [("m.h5", "1"), ("again.h5", "2")] {
            let run = try train(out, expression + ["--threads", threads])
            try #require(run.status == 0, "\(run.words)")
        }
        #expect(try lab.data("m.h5") == lab.data("again.h5"))
        let bundle = try lab.inspect("m.h5")
        #expect(bundle["composition"] as? String != nil || bundle["kind"] as? String == "composition")
        for task in ["game", "role"] {
            let scored = try lab.run([
                "evaluate", "--model", "@tiny", "--task", "@\(task)", "--bundle", "@m.h5", "--json",
            ]).json()
            #expect((scored["metrics"] as? [String: Any])?["accuracy"] as? Double != nil)
        }
        for (words, message) in [
            (["--compose", "multitask(new, new, new)"], "found 3 parts for 2 tasks"),
            (["--compose", "parallel(new, new)"], "expected multitask"),
            (["--compose", "multitask(new, stack(new, new))"], "expected new only once"),
            (
                ["--compose", "multitask(new, new, tasks=[\"game\", \"x\"])"],
                "found x, expected one of the heads game, role"
            ),
            (["--compose", "multitask(new, new)", "--mode", "full"], "--compose: "),
        ] {
            let run = try train("x.h5", words)
            #expect(run.status != 0 && run.status < 128 && run.errors.contains(message), "\(run.words)")
        }
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
