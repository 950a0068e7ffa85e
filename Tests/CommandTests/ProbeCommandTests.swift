import Foundation
import Testing

/// `finetune --linear-probe`, by the built command.
@Suite struct ProbeCommandTests {
    private func probe(_ lab: Lab, _ words: [String], out: String = "probe") throws -> Lab.Run {
        try lab.run(
            ["finetune", "--model", "@tiny", "--task", "@game", "--linear-probe", "--out", "@\(out).h5", "--quiet"]
                + words)
    }

    @Test func fitsAndScores() throws {
        let lab = try Lab()
        try lab.task("game", seed: 1)
        let run = try probe(lab, ["--json"])
        try #require(run.status == 0, "\(run.words)")
        let told = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        #expect((told["linear_probe"] as? [String: Any])?["chosen_on"] as? String == "dev")
        let dev = try #require((told["dev"] as? [String: Any])?["accuracy"] as? Double)
        let scored = try lab.run([
            "evaluate", "--model", "@tiny", "--task", "@game", "--split", "dev", "--bundle", "@probe.h5", "--json",
            "--quiet",
        ])
        try #require(scored.status == 0, "\(scored.words)")
        let found = try #require(try JSONSerialization.jsonObject(with: Data(scored.output.utf8)) as? [String: Any])
        #expect((found["metrics"] as? [String: Any])?["accuracy"] as? Double == dev)
        #expect(try lab.inspect("probe.h5")["kind"] as? String == "head")

        // A run that has ended is not repeated; another composition is another run
        let again = try probe(lab, ["--resume"])
        #expect(again.output.contains("already finished"), "\(again.words)")
        let below = try probe(lab, ["--resume", "--pooling", "cls"])
        #expect(below.status == 0 && !below.output.contains("already finished"), "\(below.words)")
        #expect(below.output.contains("linear probe with C = "), "\(below.words)")
    }

    @Test func refusesSettingsOfSteps() throws {
        let lab = try Lab()
        try lab.task("game", seed: 1)
        for words in [["--epochs", "3"], ["--lr", "0.1"], ["--class-weights"], ["--batch-tokens", "64"]] {
            let run = try probe(lab, words)
            #expect(run.status == 64 && run.errors.contains("\(words[0]): found a value"), "\(words): \(run.words)")
        }
        let plain = ["finetune", "--model", "@tiny", "--task", "@game", "--out", "@a.h5"]
        for words in [["--compose", "average(@a.h5, @b.h5)"], ["--language", "@a.h5"]] {
            let run = try lab.run(plain + words)
            #expect(run.status == 64 && run.errors.contains("needs --linear-probe"), "\(run.words)")
        }
    }
}
