import Foundation
import Testing

/// What a run says it will take, beside what it took. Needs a real model: of the small one nearly all is the program itself.
@Suite(
    .serialized,
    .enabled(if: ProcessInfo.processInfo.environment["AMALGAM_TEST_MODEL"] != nil),
    .disabled(if: Lab.isSanitized, "a sanitizer's shadow takes memory of its own"), .timeLimit(.minutes(5)))
struct MemoryOfRunsTests {
    static let model = ProcessInfo.processInfo.environment["AMALGAM_TEST_MODEL"]

    private static let runs: [[String]] = [
        ["train-adapter", "--threads", "2"], ["train-adapter", "--threads", "1", "--batch-size", "1"],
        ["train-adapter", "--threads", "2", "--batch-size", "64", "--max-length", "32"],
        ["finetune", "--threads", "2"], ["finetune", "--threads", "1", "--keep", "last"],
        ["finetune", "--head-only", "--threads", "2"],
        [
            "train-adapter", "--threads", "2", "--set", "leave_out=[0,1,2]", "--no-base-dropout", "--max-length", "64",
            "--epochs", "2",
        ],
        ["train-multitask", "--threads", "2", "--mix", "within", "--balancer", "uncertainty", "--batch-size", "32"],
        ["train-multitask", "--threads", "2", "--mix", "within", "--mode", "full", "--batch-tokens", "800"],
    ]

    @Test(arguments: runs) func estimateIsWithinAFifthOfThePeak(_ words: [String]) throws {
        let lab = try Lab()
        try lab.task("game", seed: 3, train: 120, dev: 20)
        try lab.task("role", seed: 4, train: 60, dev: 20)
        try lab.taggingTask("tags", seed: 5, train: 80, dev: 20)
        let tasks = words[0] == "train-multitask" ? ["--tasks", "@game", "@role", "@tags"] : ["--task", "@game"]
        let run = try lab.run(
            words + tasks + (words.contains("--epochs") ? [] : ["--epochs", "1"])
                + ["--model", Self.model ?? "", "--quiet", "--out", "@a.h5"])
        try #require(run.status == 0, "\(run.words)")
        let log = try #require(try JSONSerialization.jsonObject(with: lab.data("a.run.json")) as? [String: Any])
        let estimate = try #require(log["memory_estimate_bytes"] as? Double)
        let peak = try #require(log["peak_memory_bytes"] as? Double)
        #expect(abs(estimate / peak - 1) < 0.2, "estimate \(Int(estimate)), peak \(Int(peak))")
    }

    @Test func aFusionThatTrainsItsAdapters() throws {
        let lab = try Lab()
        try lab.task("game", seed: 3, train: 120, dev: 20)
        let common = ["--task", "@game", "--model", Self.model ?? "", "--epochs", "1", "--quiet"]
        for name in ["a", "b"] {
            // Wide ones, so that what they take is more than the margin
            let run = try lab.run(
                ["train-adapter", "--set", "reduction_factor=1", "--name", name, "--out", "@\(name).h5"] + common)
            try #require(run.status == 0, "\(run.words)")
        }
        let run = try lab.run(
            ["fuse", "--adapters", "@a.h5", "@b.h5", "--unfreeze", "--threads", "2", "--out", "@f.h5"] + common)
        try #require(run.status == 0, "\(run.words)")
        let log = try #require(try JSONSerialization.jsonObject(with: lab.data("f.run.json")) as? [String: Any])
        let estimate = try #require(log["memory_estimate_bytes"] as? Double)
        let peak = try #require(log["peak_memory_bytes"] as? Double)
        #expect(abs(estimate / peak - 1) < 0.2, "estimate \(Int(estimate)), peak \(Int(peak))")
    }

    @Test func aRunThatCannotFitNamesSettingsThatDo() throws {
        let lab = try Lab()
        try lab.task("game", seed: 3, train: 120, dev: 20)
        let words = ["finetune", "--model", Self.model ?? "", "--task", "@game", "--epochs", "1", "--out", "@a.h5"]
        let log = { try #require(try JSONSerialization.jsonObject(with: lab.data("a.run.json")) as? [String: Any]) }
        try #require(try lab.run(words + ["--threads", "2"]).status == 0)
        let need = try #require(try log()["memory_estimate_bytes"] as? Double)
        try FileManager.default.removeItem(at: lab.folder.appendingPathComponent("a.h5"))
        let limit = ["--memory-limit", "\(Int(need * 0.8 / 1e6))MB"]
        let refused = try lab.run(words + ["--threads", "2"] + limit)
        #expect(refused.status == 69 && refused.errors.contains("more than --memory-limit ("), "\(refused.words)")
        let settings = try #require(refused.errors.firstMatch(of: /; use (.*), which needs about [0-9]+ MB/)?.1)
        let fits = try lab.run(words + limit + settings.split(separator: " ").map(String.init))
        #expect(fits.status == 0, "\(fits.words)")
        let peak = try #require(try log()["peak_memory_bytes"] as? Double)
        #expect(peak < need * 0.8 * 1.2)
    }
}
