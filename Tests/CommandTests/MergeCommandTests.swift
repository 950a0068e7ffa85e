import Foundation
import Testing

/// `amalgam merge`: bundles merged without training, then scored, used and exported.
@Suite struct MergeCommandTests {
    private func lab() throws -> Lab {
        try Lab(adapters: [
            ("a", "game", ["--config", "lora"]),
            ("b", "role", ["--config", "lora", "--set", "rank=3", "--set", "rslora=true", "--set", "targets=all"]),
            ("d", "role", ["--config", "dora"]),
        ])
    }

    @Test func mergesScoresAndExports() throws {
        let lab = try lab()
        func merge(_ words: [String], _ out: String) throws -> [String: Any] {
            try lab.run(["merge", "--bundles", "@a.h5", "@b.h5", "--out", "@\(out).h5", "--json"] + words).json()
        }
        func loss(_ bundle: String, _ task: String) throws -> Double {
            let run = try lab.run([
                "evaluate", "--model", "@tiny", "--task", "@\(task)", "--bundle", "@\(bundle).h5", "--json", "--quiet",
            ])
            return try #require((try run.json()["metrics"] as? [String: Any])?["loss"] as? Double)
        }
        // A negative number is a number
        let sum = try merge(["--method", "cat", "--weights", "1", "-0.5"], "cat")
        let record = try #require(sum["merge"] as? [String: Any])
        let weights = (record["bundles"] as? [[String: Any]])?.map { $0["weight"] as? Double }
        #expect(weights == [1, -0.5] && sum["heads"] as? [String] == ["game", "role"])
        #expect(
            try merge(["--method", "task_arithmetic", "--weights", "1,-0.5"], "sum")["kind"] as? String == "adapter")
        for task in ["game", "role"] { #expect(abs(try loss("cat", task) - loss("sum", task)) < 1e-5) }
        // The same merge gives the same bytes, with any number of threads and from any folder
        _ = try merge(["--method", "dare_ties", "--seed", "3", "--threads", "1"], "x")
        let again = try lab.run(
            [
                "merge", "--method", "dare_ties", "--bundles", "@a.h5", "@b.h5", "--out", "@y.h5", "--seed", "3",
                "--threads",
                "2",
            ], relative: true)
        #expect(again.status == 0 && again.output.contains("written: y.h5"), "\(again.words)")
        #expect(try lab.data("x.h5") == lab.data("y.h5"))
        #expect(again.errors.contains("warning: the result's rank keeps "), "\(again.words)")

        let predicted = try lab.run(
            ["predict", "--model", "@tiny", "--bundle", "@cat.h5", "--head", "role"], input: "gi ba\n")
        #expect(predicted.status == 0 && predicted.output.contains("probabilities"), "\(predicted.words)")
        for format in [["peft"], ["hf", "--merge", "--model", "@tiny"]] {
            let run = try lab.run(["export", "@cat.h5", "--out", "@\(format[0])", "--format"] + format)
            #expect(run.status == 0, "\(run.words)")
        }
        // What was exported is what was merged
        let back = try lab.run(["import", "@peft", "--out", "@back.h5"])
        #expect(back.status == 0, "\(back.words)")
        #expect(try lab.inspect("back.h5")["kind"] as? String == "adapter")
    }

    @Test func mistakes() throws {
        let lab = try lab()
        for (words, status, message) in [
            (["--method", "average", "--bundles", "@a.h5", "@d.h5"], 65, "d.h5: adapter role: use_dora: found true"),
            (["--method", "average", "--bundles", "@a.h5", "@a.h5"], 64, "a.h5: found the same bundle twice"),
            (["--method", "mean", "--bundles", "@a.h5"], 64, "--method: found 'mean', expected one of average, "),
            (
                ["--method", "average", "--bundles", "@a.h5", "@b.h5", "--weights", "1", "-0.5"], 64,
                "--weights: found a sum of 0.5"
            ),
            (["--method", "average", "--bundles", "@a.h5", "--weights", "half"], 64, "--weights: found 'half'"),
            (["--method", "cat", "--bundles", "@a.h5", "@missing.h5"], 66, "missing.h5"),
            (["--method", "cat"], 64, "--bundles"),
        ] as [([String], Int32, String)] {
            let run = try lab.run(["merge", "--out", "@x.h5"] + words)
            #expect(run.status == status && run.errors.contains(message), "\(run.words)")
            #expect(!FileManager.default.fileExists(atPath: lab.folder.appendingPathComponent("x.h5").path))
        }
        let over = try lab.run(["merge", "--method", "cat", "--bundles", "@a.h5", "--out", "@a.h5"])
        #expect(over.status == 64 && over.errors.contains("which this command also reads or writes"), "\(over.words)")
    }
}
