import Foundation
import Testing

/// `estimate`: figures, and refused options.
@Suite struct EstimateCommandTests {
    @Test func estimatesFromAConfig() throws {
        let lab = try Lab()
        let words = ["estimate", "--config", "@tiny/config.json", "--length", "16"]
        let full = try lab.run(words + ["--zero", "1", "--ranks", "4", "--json"]).json()
        let bytes = try #require(full["bytes_per_rank"] as? [String: Double])
        let parameters = try #require(full["parameters"] as? Double)
        #expect(bytes["weights"] == 2 * parameters && bytes["optimizer"] == 3 * parameters)
        let lora = try lab.run(words + ["--method", "lora", "--set", "rank=2", "--json"]).json()
        #expect((lora["trainable_parameters"] as? Double ?? 0) > 0)
        let text = try lab.run(words + ["--method", "adapter", "--recompute"])
        #expect(text.status == 0 && text.output.contains("adapter, ZeRO stage 0, 1 rank"), "\(text.words)")
    }

    @Test func mistakesAreRefused() throws {
        let lab = try Lab()
        for (more, status, word) in [
            (["--zero", "5"], 64, "--zero: found 5, expected 0 to 3"), (["--method", "x"], 64, "--method: found x"),
            (["--set", "rank=2"], 64, "--set: found a value"),
            (["--method", "lora", "--set", "rang=2"], 64, "rang"),
        ] as [([String], Int32, String)] {
            let run = try lab.run(["estimate", "--config", "@tiny/config.json"] + more)
            #expect(run.status == status && run.errors.contains(word), "\(run.words)")
        }
        let missing = try lab.run(["estimate", "--config", "@none.json"])
        #expect(missing.status == 66 && missing.errors.contains("none.json: no such file"), "\(missing.words)")
    }
}
